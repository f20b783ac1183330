"""`make secrets`, `make deploy` and `make undeploy`, with a kubectl that remembers what it was asked for."""

import base64
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.manifests.test_overlays import GIVEN, KNATIVE
from tests.support import kustomize

KUBECTL = '''#!{python}
"""Keeps Secrets in a file, and says what it was asked for."""
import base64, fcntl, json, pathlib, sys
sys.path.insert(0, {project!r})
file = pathlib.Path({state!r})
given = sys.stdin.read() if any("filename=-" in word or "from-env-file" in word for word in sys.argv) else ""
lock = file.with_suffix(".lock").open("w")
fcntl.flock(lock, fcntl.LOCK_EX)  # both ends of a pipe are this program
state = {{"calls": [], "secrets": {{}}, "namespaces": [], "applied": []}}
state |= json.loads(file.read_text()) if file.exists() else {{}}
words = [word for word in sys.argv[1:] if not word.startswith("--")]
options = dict(word[2:].partition("=")[::2] for word in sys.argv[1:] if word.startswith("--"))
state["calls"].append(sys.argv[1:])
if words[:3] == ["create", "secret", "generic"]:
    pairs = dict(line.partition("=")[::2] for line in given.splitlines())
    state["secrets"][options["namespace"] + "/" + words[3]] = pairs
elif words[:2] == ["create", "namespace"]:
    state["namespaces"].append(words[2])
elif words[:2] == ["get", "namespace"] and words[2] not in state["namespaces"]:
    sys.exit(1)
elif words[:2] == ["get", "secret"]:
    found = state["secrets"].get(options["namespace"] + "/" + words[2])
    if found is not None and options["output"] == "name":
        print("secret/" + words[2])
    elif found is not None:
        key = options["output"].removeprefix("jsonpath={{.data.").removesuffix("}}")
        sys.stdout.write(base64.b64encode(found[key].encode()).decode())
elif words[0] == "kustomize":
    import yaml
    from tests.support import kustomize
    print(yaml.safe_dump_all(kustomize.build(pathlib.Path(words[1])), width=1000))
elif words[0] == "apply":
    state["applied"].append(given)
file.write_text(json.dumps(state))
'''


class Cluster:
    """What the script did to a cluster."""

    def __init__(self, folder: Path) -> None:
        self.state = folder / "state.json"
        program = folder / "bin" / "kubectl"
        program.parent.mkdir()
        project = str(KNATIVE.parent)
        program.write_text(KUBECTL.format(python=sys.executable, project=project, state=str(self.state)))
        program.chmod(0o755)
        picket = folder / "bin" / "picket"
        picket.write_text(f'#!/bin/sh\nexec {sys.executable} -m picket.cli "$@"\n')
        picket.chmod(0o755)
        self.environment = {"PATH": f"{program.parent}:{os.environ['PATH']}", "HOME": str(folder)}
        if "PYTHONPATH" in os.environ:
            self.environment["PYTHONPATH"] = os.environ["PYTHONPATH"]

    def run(self, what: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [KNATIVE / "deploy.sh", what],
            env=self.environment | variables,
            capture_output=True,
            text=True,
            check=False,
        )

    def told(self) -> dict[str, list[list[str]]]:
        found: dict[str, list[list[str]]] = json.loads(self.state.read_text())
        return found

    def secrets(self) -> dict[tuple[str, str], dict[str, str]]:
        found = json.loads(self.state.read_text())["secrets"]
        return {(name.partition("/")[0], name.partition("/")[2]): pairs for name, pairs in found.items()}


@pytest.fixture
def cluster(tmp_path: Path) -> Cluster:
    return Cluster(tmp_path)


def test_secrets_have_the_keys_that_the_manifests_name_and_stay_as_they_are(cluster: Cluster) -> None:
    done = cluster.run("secrets", OVERLAY="dev")
    assert done.returncode == 0, done.stderr
    made = cluster.secrets()
    assert {name: set(pairs) for name, pairs in made.items() if name in GIVEN} == GIVEN
    assert made["picket", "picket-artifacts"] == made["picket-artifacts", "artifacts"]
    password = made["picket-mongodb", "mongodb"]["PICKET_PASSWORD"]
    store = "mongodb.picket-mongodb.svc.cluster.local:27017/picket"
    assert made["picket", "picket"]["MONGODB_URI"] == f"mongodb://picket:{password}@{store}"
    assert made["picket", "picket"]["MONGODB_URI_INGEST"].startswith("mongodb://ingest:")
    for pairs in made.values():
        assert all(len(value) >= 32 for value in pairs.values() if value != "{}")
        assert not any(value in done.stdout + done.stderr for value in pairs.values())
    namespaces = cluster.told()["namespaces"]
    assert sorted(map(str, namespaces)) == ["picket", "picket-artifacts", "picket-mongodb"]

    again = cluster.run("secrets", OVERLAY="dev")
    assert (again.returncode, again.stderr) == (0, "the Secret picket is there and stays as it is\n")
    assert cluster.secrets() == made
    assert cluster.told()["namespaces"] == namespaces, "one that is made again would lose its labels"


def test_secrets_of_production_need_to_know_where_the_store_is(cluster: Cluster) -> None:
    refused = cluster.run("secrets", OVERLAY="production")
    assert refused.returncode != 0
    assert "say where the store is" in refused.stderr
    uri = "mongodb://store.example.com"
    assert cluster.run("secrets", OVERLAY="production", MONGODB_URI=uri).returncode == 0
    assert set(cluster.secrets()) == {("picket", "picket")}
    assert cluster.secrets()["picket", "picket"]["MONGODB_URI_INGEST"] == uri


def test_no_secret_is_on_a_command_line(cluster: Cluster) -> None:
    assert cluster.run("secrets", OVERLAY="dev").returncode == 0
    words = [word for call in cluster.told()["calls"] for word in call]
    values = [value for pairs in cluster.secrets().values() for value in pairs.values() if value != "{}"]
    assert not [value for value in values if any(value in word for word in words)]


@pytest.mark.parametrize(
    ("variables", "image"),
    [
        ({}, "registry.example.com/picket/scan:0.1.0"),
        ({"REGISTRY": "localhost:5000/mine", "TAG": "7"}, "localhost:5000/mine/scan:7"),
    ],
)
def test_an_overlay_is_applied_whole(cluster: Cluster, variables: dict[str, str], image: str) -> None:
    done = cluster.run("deploy", OVERLAY="production", **variables)
    assert done.returncode == 0, done.stderr
    first, applied = cluster.told()["applied"]
    assert first == applied
    documents = list(yaml.safe_load_all(str(applied)))
    expected = kustomize.build(KNATIVE / "overlays" / "production")
    assert len(documents) == len(expected)
    containers = {
        one["metadata"]["name"]: one["spec"]["template"]["spec"]["containers"][0]["image"]
        for one in documents
        if one["apiVersion"].startswith("serving.knative.dev/v1") and one["kind"] == "Service"
    }
    assert len(containers) == 7
    assert containers["scan"] == image


def test_the_functions_come_when_they_can_be_told_where_to_send_events(cluster: Cluster) -> None:
    assert cluster.run("deploy", OVERLAY="production").returncode == 0
    before, broker, after, everything = [call for call in cluster.told()["calls"] if call[0] in {"apply", "wait"}]
    assert "--selector=app.kubernetes.io/component!=function" in before
    functions = {one["kind"] for one in kustomize.build(KNATIVE / "overlays" / "production") if _is_function(one)}
    assert functions == {"Service", "ServiceAccount"}, "what the selector leaves for later"
    assert (broker[0], broker[-1]) == ("wait", "brokers.eventing.knative.dev")
    assert not [word for word in after if "selector" in word]
    # Types are joined by commas: kubectl takes a second word for a name.
    kinds = [word for word in everything[1:] if not word.startswith("--")]
    assert [kind.partition(".")[0] for kind in kinds[0].split(",")] == [
        "services",
        "triggers",
        "pingsources",
        "sinkbindings",
        "domainmappings",
    ]
    assert len(kinds) == 1


def _is_function(document: dict[str, Any]) -> bool:
    return bool(document["metadata"]["labels"].get("app.kubernetes.io/component") == "function")


def test_a_tag_without_a_registry_would_change_nothing_and_is_refused(cluster: Cluster) -> None:
    done = cluster.run("deploy", OVERLAY="production", TAG="0.2.0")
    assert (done.returncode, done.stderr) == (1, "TAG needs REGISTRY: say where the images are\n")
    assert cluster.told()["applied"] == []


def test_taking_it_away_leaves_secrets_and_data(cluster: Cluster) -> None:
    assert cluster.run("undeploy", OVERLAY="dev").returncode == 0
    [call] = cluster.told()["calls"]
    assert call[0] == "delete"
    kinds = {kind.partition(".")[0] for kind in call[-1].split(",")}
    assert kinds == {"services", "triggers", "pingsources", "sinkbindings", "brokers"}
    assert "--selector=app.kubernetes.io/part-of=picket" in call


def test_an_overlay_that_is_not_there_is_told(cluster: Cluster) -> None:
    done = cluster.run("deploy", OVERLAY="staging")
    assert done.returncode == 1
    assert "there is no overlay staging" in done.stderr
    assert not cluster.state.exists()


def test_the_keys_are_new_each_time() -> None:
    made = []
    for _ in range(2):
        done = subprocess.run([sys.executable, "-m", "picket.cli", "keys"], capture_output=True, text=True, check=True)
        made.append(dict(line.partition("=")[::2] for line in done.stdout.splitlines()))
    assert set(made[0]) == GIVEN["picket", "picket"]
    assert {name for name in made[0] if made[0][name] == made[1][name]} == set(made[0]) - {
        *("PICKET_HASH_KEY", "PICKET_ENCRYPTION_KEY", "PICKET_API_TOKEN", "PICKET_METRICS_TOKEN")
    }
    assert len(base64.urlsafe_b64decode(made[0]["PICKET_ENCRYPTION_KEY"])) == 32
