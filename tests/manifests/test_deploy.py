"""`make secrets`, `make deploy` and `make undeploy`, with a kubectl that remembers what it was asked for."""

import base64
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from knative.room import quantity, room
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
state = {{"calls": [], "secrets": {{}}, "namespaces": [], "applied": [], "world": {{}}}}
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
elif words == ["api-versions"]:
    print(*state["world"]["api-versions"], sep=chr(10))
elif words[0] == "get" and options.get("output") == "json":
    found = state["world"].get("/".join(words[1:]))
    if len(words) == 2:
        print(json.dumps({{"items": found or []}}))
    elif found:
        print(json.dumps(found))
elif words[:2] == ["get", "job"]:
    print(state["world"]["job"], end="")
elif words[0] == "get" and options.get("output") == "name" and len(words) == 2:
    print("one/of-them")
elif words[0] == "wait" and words[1] in state["world"]["late"]:
    file.write_text(json.dumps(state))
    sys.exit("error: timed out waiting for the condition")
elif words[0] == "logs":
    print("what the doctor says")
elif words[:2] == ["get", "secret"] and options["output"].startswith("go-template"):
    print(" ".join(state["secrets"].get(options["namespace"] + "/" + words[2], {{}})))
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


DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"


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
        self.environment = {
            "PATH": f"{program.parent}:{os.environ['PATH']}",
            "HOME": str(folder),
            "PYTHON": sys.executable,
        }
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

    def change(self, **world: Any) -> None:
        """Have the cluster answer otherwise from now on: objects by kind and name, lists by kind, and `secrets`."""
        state = json.loads(self.state.read_text()) if self.state.exists() else {}
        state["secrets"] = world.pop("secrets", state.get("secrets", {}))
        state["world"] = {**state.get("world", {}), **world}
        self.state.write_text(json.dumps(state))

    def told(self) -> dict[str, list[list[str]]]:
        found: dict[str, list[list[str]]] = json.loads(self.state.read_text())
        return found

    def secrets(self) -> dict[tuple[str, str], dict[str, str]]:
        found = json.loads(self.state.read_text())["secrets"]
        return {(name.partition("/")[0], name.partition("/")[2]): pairs for name, pairs in found.items()}


@pytest.fixture
def cluster(tmp_path: Path) -> Cluster:
    return Cluster(tmp_path)


@pytest.fixture
def deployable(cluster: Cluster) -> Cluster:
    """A cluster that has everything."""
    kinds = [one for name in ("dev", "complete") for one in kustomize.build(KNATIVE / "overlays" / name)]
    cluster.change(
        **{
            "api-versions": sorted({one["apiVersion"] for one in kinds} | {"messaging.knative.dev/v1alpha1"}),
            "configmap/config-nats": {"data": {"eventing-nats": "url: nats://nats"}},
            "configmap/config-domain": {"data": {"127.0.0.1.sslip.io": ""}},
            "configmap/config-network": {"data": {"ingress-class": "kourier.ingress.networking.knative.dev"}},
            "storageclass": [
                {
                    "metadata": {
                        "name": "standard",
                        "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
                    }
                }
            ],
            "node": [{"status": {"allocatable": {"cpu": "8", "memory": "16077408Ki"}}}],
            "pod": [],
            "late": [],
            "job": "1/",
            "secrets": {"/".join(place): dict.fromkeys(keys, "x") for place, keys in GIVEN.items()},
        }
    )
    return cluster


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
def test_an_overlay_is_applied_whole(deployable: Cluster, variables: dict[str, str], image: str) -> None:
    done = deployable.run("deploy", OVERLAY="production", **variables)
    assert done.returncode == 0, done.stderr
    applied = deployable.told()["applied"]
    assert {str(one) for one in applied} == {str(applied[0])}
    documents = list(yaml.safe_load_all(str(applied[0])))
    expected = kustomize.build(KNATIVE / "overlays" / "production")
    assert len(documents) == len(expected)
    containers = {
        one["metadata"]["name"]: one["spec"]["template"]["spec"]["containers"][0]["image"]
        for one in documents
        if one["apiVersion"].startswith("serving.knative.dev/v1") and one["kind"] == "Service"
    }
    assert len(containers) == 11
    assert containers["scan"] == image


def test_nothing_is_applied_before_what_it_waits_for_is_ready(deployable: Cluster) -> None:
    done = deployable.run("deploy", OVERLAY="production")
    assert done.returncode == 0, done.stderr
    assert steps(deployable) == [
        "apply app.kubernetes.io/component notin (function,trigger)",
        "try",
        "wait brokers",
        "apply app.kubernetes.io/component=function",
        "wait services",
        "apply everything",
        "wait triggers",
        "wait pingsources",
        "wait sinkbindings",
        "wait domainmappings",
        "create job",
    ]
    for kind in ("brokers", "services", "triggers"):
        assert f"waiting for {kind} to be Ready, 300 s at most" in done.stderr
    assert "what the doctor says" in done.stdout
    built = kustomize.build(KNATIVE / "overlays" / "production")
    later = {one["kind"]: _component(one) for one in built if _component(one) in {"function", "trigger"}}
    assert later == {"Service": "function", "Trigger": "trigger"}, "accounts are there for the trial"


def steps(cluster: Cluster) -> list[str]:
    """What was done to the cluster, one line each."""
    found = []
    for call in cluster.told()["calls"]:
        options = dict(word[2:].partition("=")[::2] for word in call if word.startswith("--"))
        words = [word for word in call if not word.startswith("--")]
        if "dry-run" in options:
            found.append("try")
        elif call[0] == "apply":
            found.append(f"apply {options.get('selector', 'everything')}")
        elif call[0] == "wait":
            found.append(f"wait {words[1].partition('.')[0]}")
        elif call[0] == "create":
            found.append(" ".join(words[:2]))
    return found


def _component(document: dict[str, Any]) -> str:
    return str(document["metadata"]["labels"].get("app.kubernetes.io/component"))


MISSING = [
    pytest.param({"api-versions": []}, "serving.knative.dev/v1, of which are needed: Service", "Serving", id="Serving"),
    pytest.param({"api-versions": []}, "messaging.knative.dev/v1alpha1, of which are", "eventing-natss", id="channel"),
    pytest.param(
        {"configmap/config-nats": {}}, "the ConfigMap config-nats", "examples/nats/config-nats.yaml", id="config-nats"
    ),
    pytest.param(
        {"configmap/config-domain": {"data": {"_example": "", "example.org": ""}}},
        "ingest.picket.127.0.0.1.sslip.io of PICKET_PUBLIC_URL is in; there is example.org",
        '{"data": {"127.0.0.1.sslip.io": ""}}',
        id="another domain",
    ),
    pytest.param({"configmap/config-domain": {}}, "there is svc.cluster.local", "config-domain", id="no domain"),
    pytest.param({"configmap/config-network": {}}, "an ingress class", "kourier.ingress", id="ingress class"),
    pytest.param({"storageclass": []}, "a default StorageClass", "kubectl patch storageclass", id="StorageClass"),
    pytest.param({"secrets": {}}, "the Secret picket in picket", "make secrets", id="Secret"),
    pytest.param({"secrets": {}}, "the Secret mongodb in picket-mongodb", "make secrets", id="Secret of an example"),
    pytest.param(
        {"secrets": {"picket/picket": {"MONGODB_URI": "x"}}},
        "PICKET_HASH_KEY in the Secret picket in picket",
        "picket keys",
        id="key of a Secret",
    ),
]


@pytest.mark.parametrize(("changes", "what", "mend"), MISSING)
def test_what_is_missing_is_named_before_anything_is_applied(
    deployable: Cluster, changes: dict[str, Any], what: str, mend: str
) -> None:
    deployable.change(**changes)
    done = deployable.run("deploy", OVERLAY="dev")
    assert done.returncode == 1
    [place] = [number for number, line in enumerate(done.stderr.splitlines()) if what in line]
    assert mend in done.stderr.splitlines()[place + 1]
    assert deployable.told()["applied"] == []


def test_all_that_is_missing_is_named_at_once(deployable: Cluster) -> None:
    deployable.change(**{"configmap/config-nats": {}, "storageclass": [], "secrets": {}})
    told = deployable.run("deploy", OVERLAY="dev").stderr
    assert told.count("missing: ") == 5, told


def test_a_domain_that_another_overlay_left_is_told(deployable: Cluster) -> None:
    labels = {"app.kubernetes.io/part-of": "picket"}
    names = {"picket.127.0.0.1.sslip.io": labels, "picket.example.com": labels, "somebody.example.com": {}}
    deployable.change(
        **{
            "domainmappings.serving.knative.dev": [
                {"metadata": {"name": name, "labels": found}, "spec": {"ref": {"name": "api"}}}
                for name, found in names.items()
            ]
        }
    )
    done = deployable.run("deploy", OVERLAY="production")
    assert done.returncode == 0, done.stderr
    assert "left over: picket.127.0.0.1.sslip.io leads to api, and is not in this overlay" in done.stderr
    assert done.stderr.count("left over: ") == 1


def test_a_domain_of_the_overlays_own_needs_no_default_one(deployable: Cluster) -> None:
    deployable.change(**{"configmap/config-domain": {}, "storageclass": []})
    assert deployable.run("deploy", OVERLAY="production").returncode == 0


def test_secrets_of_a_vault_are_not_asked_for(deployable: Cluster) -> None:
    deployable.change(secrets={})
    assert deployable.run("deploy", OVERLAY="complete").returncode == 0


@pytest.mark.parametrize(("cpu", "fits"), [("8", True), ("1500m", False)])
def test_the_room_that_an_overlay_asks_for_is_said(deployable: Cluster, cpu: str, fits: bool) -> None:
    deployable.change(node=[{"status": {"allocatable": {"cpu": cpu, "memory": "16Gi"}}}])
    told = deployable.run("deploy", OVERLAY="production").stderr
    # what each pod asks for, of which the API has two, and Knative's 25m beside each
    assert "room: one pod of everything asks for 2.55 CPUs" in told
    assert ("does not fit" in told) != fits


def test_the_runbook_says_how_much_room_the_overlays_ask_for() -> None:
    said = " ".join((KNATIVE / "README.md").read_text().split())
    for folder in ("overlays/dev", "overlays/production", "examples/nats"):
        asked = re.search(r"asks for ([\d.]+) CPUs and ([\d.]+) GiB", next(room(kustomize.build(KNATIVE / folder), [])))
        assert asked
        assert f"{float(asked[1]):.1f} CPUs and {asked[2]} GiB" in said, folder


@pytest.mark.parametrize(
    ("text", "amount"), [("50m", 0.05), ("1", 1), ("1.5", 1.5), ("192Mi", 192 * 2**20), ("2Ki", 2048), ("3k", 3000)]
)
def test_quantities_are_read_as_kubernetes_writes_them(text: str, amount: float) -> None:
    assert float(quantity(text)) == amount


@pytest.mark.parametrize("text", ["", "much", "1Kb", "1ki"])
def test_what_is_no_quantity_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a quantity"):
        quantity(text)


@pytest.mark.parametrize("kind", ["brokers.eventing", "services.serving", "triggers.eventing"])
def test_what_does_not_become_ready_is_told_with_its_conditions(deployable: Cluster, kind: str) -> None:
    condition = {"type": "Ready", "status": "False", "reason": "NoAddress", "message": "the channel has no address"}
    of_it = {"kind": "Kind", "metadata": {"name": "one"}, "status": {"conditions": [condition]}}
    deployable.change(late=[f"{kind}.knative.dev"], **{f"{kind}.knative.dev": [of_it]})
    done = deployable.run("deploy", OVERLAY="production")
    assert done.returncode == 1
    assert "Kind one is not Ready:\n  Ready is False (NoAddress: the channel has no address)" in done.stderr
    assert steps(deployable)[-1] == f"wait {kind.partition('.')[0]}"


@pytest.mark.parametrize("reason", ["ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull"])
def test_an_image_that_cannot_be_pulled_is_told(deployable: Cluster, reason: str) -> None:
    waiting = {"image": "dev.local/picket/scan:latest", "state": {"waiting": {"reason": reason}}}
    pod = {"metadata": {"name": "scan-00001-x"}, "status": {"containerStatuses": [waiting]}}
    deployable.change(late=["services.serving.knative.dev"], pod=[pod])
    told = deployable.run("deploy", OVERLAY="production").stderr
    assert f"the image dev.local/picket/scan:latest cannot be pulled ({reason})" in told


def test_a_pod_without_a_node_is_told(deployable: Cluster) -> None:
    condition = {"type": "PodScheduled", "status": "False", "message": "0/1 nodes: Insufficient cpu."}
    pod = {"metadata": {"name": "scan-00001-x"}, "status": {"conditions": [condition]}}
    deployable.change(late=["services.serving.knative.dev"], pod=[pod])
    told = deployable.run("deploy", OVERLAY="production").stderr
    assert "the pod scan-00001-x has no node: 0/1 nodes: Insufficient cpu." in told


def test_a_stream_that_is_another_than_the_channel_says_fails_the_deployment(deployable: Cluster) -> None:
    deployable.change(job="/1")
    done = deployable.run("deploy", OVERLAY="production")
    assert done.returncode == 1
    assert "what the doctor says" in done.stderr
    assert "Change the channel" in done.stderr


def test_a_tag_without_a_registry_would_change_nothing_and_is_refused(deployable: Cluster) -> None:
    done = deployable.run("deploy", OVERLAY="production", TAG="0.2.0")
    assert (done.returncode, done.stderr) == (1, "TAG needs REGISTRY: say where the images are\n")
    assert deployable.told()["applied"] == []


def test_taking_it_away_leaves_secrets_and_data_and_takes_all_else(deployable: Cluster) -> None:
    assert deployable.run("undeploy", OVERLAY="dev").returncode == 0
    calls = [call for call in deployable.told()["calls"] if call[0] == "delete"]
    assert all("--selector=app.kubernetes.io/part-of=picket" in call for call in calls)
    in_namespace = {
        kind.partition(".")[0] for call in calls if "--namespace=picket" in call for kind in call[-1].split(",")
    }
    elsewhere = {call[-1].partition(".")[0] for call in calls if "--namespace=picket" not in call}
    made = {one["kind"].lower() for name in ("dev", "production") for one in of_picket(name)}
    assert {f"{kind[:-1]}ies" if kind.endswith("y") else f"{kind}s" for kind in made} == (
        in_namespace - {"jobs", "podmonitors", "servicemonitors", "prometheusrules"}
    )
    assert elsewhere == {"clusterdomainclaims"}


def of_picket(overlay: str) -> list[dict[str, Any]]:
    """What an overlay makes in the namespace picket."""
    built = kustomize.build(KNATIVE / "overlays" / overlay)
    return [one for one in built if one["metadata"].get("namespace") == "picket"]


def test_what_the_cluster_does_not_know_is_not_asked_for(deployable: Cluster) -> None:
    deployable.change(**{"api-versions": ["serving.knative.dev/v1"]})
    assert deployable.run("undeploy", OVERLAY="dev").returncode == 0
    assert not [call for call in deployable.told()["calls"] if "podmonitors" in str(call)]


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
