"""The doctor finds what is wrong with a deployment, says what to do, and keeps what it must not tell."""

import errno
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Event, Thread
from types import SimpleNamespace
from typing import Any

import pytest
from pymongo.errors import AutoReconnect, OperationFailure
from tests.support.deployment import Deployment, forget
from tests.support.stores import free_port

from picket.effects import broker
from picket.effects.mongo import client
from picket.errors import TransientError
from picket.runtime import doctor

CHECKS = ["settings", "secrets", "broker", "store", "indexes", "clock", "artifacts", "rules", "policy", "space"]
CHECKS += ["channel", "webhooks"]


class Ingress(BaseHTTPRequestHandler):
    """A broker that is there, or ill."""

    status = 200

    def do_OPTIONS(self) -> None:
        self.send_response(self.status)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def ingress(environment: pytest.MonkeyPatch) -> Iterator[type[Ingress]]:
    handler = type("Handler", (Ingress,), {})
    server = HTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    environment.setenv("K_SINK", f"http://127.0.0.1:{server.server_port}/picket/default")
    forget()
    yield handler
    server.shutdown()
    server.server_close()


def of(service: str, environment: pytest.MonkeyPatch) -> dict[str, doctor.Finding]:
    environment.setenv("K_SERVICE", service)
    forget()
    found = doctor.examine()
    assert [one.check for one in found] == CHECKS
    assert all(bool(one.advice) == (one.state == "wrong") for one in found)
    return {one.check: one for one in found}


@pytest.mark.parametrize("service", ["ingest", "normalize", "enumerate", "scan", "feedback", "score", "api"])
def test_what_is_in_order_is_told_to_be(
    store: str, ingress: type[Ingress], environment: pytest.MonkeyPatch, service: str
) -> None:
    assert store
    assert ingress
    environment.setenv("PICKET_MAX_REPOSITORY_BYTES", "1000")
    for _ in range(2):
        found = of(service, environment)
        assert [one for one in found.values() if one.state == "wrong"] == []
    skipped = {one.check for one in found.values() if one.state == "skipped"} - {"clock"}
    others = {"ingest": {"indexes", "webhooks"}, "scan": {"rules"}, "enumerate": {"space"}}.get(service, set())
    assert skipped == {"rules", "space", "channel"} ^ others


@pytest.mark.parametrize(
    ("variable", "check", "text", "word"),
    [
        ("PICKET_POLICY", "policy", None, "No such file"),
        ("PICKET_POLICY", "policy", "rules: [", "not YAML"),
        ("PICKET_RULES", "rules", None, "No such file"),
        ("PICKET_RULES", "rules", "[", "not TOML"),
        ("PICKET_RULES", "rules", "rules = 3", "rules"),
    ],
)
@pytest.mark.parametrize("service", ["api", "feedback", "scan"])
def test_a_file_of_rules_that_cannot_work_is_told_with_its_setting(  # noqa: PLR0917 - as many as there are cases
    store: str,
    environment: pytest.MonkeyPatch,
    tmp_path: Path,
    service: str,
    variable: str,
    check: str,
    text: str | None,
    word: str,
) -> None:
    assert store
    path = tmp_path / "rules"
    if text is not None:
        path.write_text(text)
    environment.setenv(variable, str(path))

    found = of(service, environment)[check]

    assert found.state == "wrong"
    assert variable in found.found
    assert word in found.found


@pytest.mark.parametrize(("there", "state"), [(True, "ok"), (False, "wrong")])
def test_where_rules_cannot_be_parsed_their_file_is_looked_for(
    *, store: str, environment: pytest.MonkeyPatch, tmp_path: Path, there: bool, state: str
) -> None:
    assert store
    path = tmp_path / "rules"
    if there:
        path.touch()
    environment.setenv("PICKET_POLICY", str(path))
    environment.setattr(doctor, "find_spec", lambda _: None)

    assert of("api", environment)["policy"].state == state


def test_a_store_that_is_away_is_told_without_its_password(
    ingress: type[Ingress], environment: pytest.MonkeyPatch
) -> None:
    assert ingress
    environment.setenv("MONGODB_URI", f"mongodb://someone:hidden-word@127.0.0.1:{free_port()}/")
    environment.setenv("PICKET_MONGODB_TIMEOUT_SECONDS", "0.2")
    found = of("score", environment)
    for check in ("store", "indexes", "clock"):
        assert found[check].state == "wrong"
    assert "MONGODB_URI" in found["store"].advice
    assert not [one for one in found.values() if "hidden-word" in str(one)]


def test_a_broker_that_is_away_or_ill_or_not_named_is_told(
    store: str, ingress: type[Ingress], environment: pytest.MonkeyPatch
) -> None:
    assert store
    ingress.status = 503
    assert of("score", environment)["broker"].found == "the broker answered 503"
    environment.setenv("K_SINK", f"http://127.0.0.1:{free_port()}/")
    assert of("score", environment)["broker"].found.startswith("the broker did not answer")
    environment.setenv("K_SINK", "")
    found = of("score", environment)["broker"]
    assert (found.state, found.found) == ("wrong", "K_SINK is not set: nowhere to send events")
    assert "picket.dev/emits" in found.advice


@pytest.mark.parametrize(
    ("service", "name", "value"),
    [
        ("scan", "PICKET_HASH_KEY", ""),
        ("feedback", "PICKET_HASH_KEY", "short"),
        ("ingest", "PICKET_ENCRYPTION_KEY", "no key"),
        ("api", "PICKET_ENCRYPTION_KEY", "bm8ga2V5"),
    ],
)
def test_a_secret_that_is_missing_or_none_is_told(
    store: str, environment: pytest.MonkeyPatch, service: str, name: str, value: str
) -> None:
    assert store
    environment.setenv(name, value)
    found = of(service, environment)["secrets"]
    assert (found.state, found.found) == ("wrong", f"{name}: missing, too short, or no key")


def test_the_api_needs_a_token_where_others_can_reach_it(store: str, environment: pytest.MonkeyPatch) -> None:
    assert store
    environment.setenv("HOST", "0.0.0.0")  # noqa: S104 - as in a container
    found = of("api", environment)
    assert found["secrets"].found.startswith("PICKET_API_TOKEN: missing")
    assert (found["settings"].state, found["settings"].found) == (
        "wrong",
        "PICKET_ALLOW_LOCAL_REPOSITORIES: weaker than need be",
    )


@pytest.mark.parametrize(("seconds", "state"), [(0.5, "ok"), (30.0, "wrong"), (-30.0, "wrong")])
def test_a_clock_that_differs_from_the_stores_is_told(
    store: str, environment: pytest.MonkeyPatch, seconds: float, state: str
) -> None:
    assert store
    told = {"localTime": (datetime.now(UTC) + timedelta(seconds=seconds)).replace(tzinfo=None)}
    server = SimpleNamespace(admin=SimpleNamespace(command=lambda _: told))
    environment.setattr(doctor, "mongo", SimpleNamespace(client=lambda: server))
    assert doctor._clock().state == state


def test_an_index_that_the_store_has_not_got_is_told(store: str, environment: pytest.MonkeyPatch) -> None:
    assert store
    assert of("score", environment)["indexes"].state == "ok"
    client.collection("scans").drop_index("queue_1")
    found = doctor._indexes()
    assert (found.state, found.found) == ("wrong", "missing: scans.queue")


def test_an_artifact_store_that_takes_nothing_is_told(
    store: str, environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert store
    (tmp_path / "file").write_text("a file where a folder should be")
    environment.setenv("PICKET_DATA_DIR", str(tmp_path / "file"))
    forget()
    found = of("scan", environment)["artifacts"]
    assert found.state == "wrong"
    assert found.advice == "see that it is there: the folder of PICKET_DATA_DIR"


def test_rules_that_cannot_be_read_are_told(store: str, environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert store
    (tmp_path / "rules.toml").write_text("[[rules]]\nid = 1\n")
    environment.setenv("PICKET_RULES", str(tmp_path / "rules.toml"))
    found = of("scan", environment)["rules"]
    assert found.state == "wrong"
    assert "rules.toml" in found.found


def test_too_little_room_for_the_largest_repository_is_told(store: str, environment: pytest.MonkeyPatch) -> None:
    assert store
    environment.setenv("PICKET_MAX_REPOSITORY_BYTES", str(10**18))
    found = of("enumerate", environment)["space"]
    assert found.state == "wrong"
    assert "sizeLimit" in found.advice


def test_the_api_tells_it_to_an_administrator(deployed: Deployment) -> None:
    answer = deployed.api.get("/doctor")
    assert answer.status_code == 200
    assert [one["check"] for one in answer.json["checks"]] == CHECKS
    assert {one["check"] for one in answer.json["checks"] if one["state"] == "wrong"} == {"broker"}


def test_a_pod_tells_it_without_anything_but_python(ingress: type[Ingress], store: str) -> None:
    command = [sys.executable, "-m", "picket.runtime.doctor"]
    assert ingress
    assert store
    done = subprocess.run([*command, "--json"], capture_output=True, text=True, check=False)
    assert [one["check"] for one in json.loads(done.stdout)] == CHECKS
    assert done.returncode == 0, done.stdout
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert [line.split()[1] for line in told.stdout.splitlines()] == CHECKS


def test_a_check_that_does_not_end_ends_no_other(store: str, environment: pytest.MonkeyPatch) -> None:
    assert store
    environment.setattr(doctor, "LONGEST_SECONDS", 3.0)
    environment.setattr(broker, "reach", Event().wait)
    found = of("score", environment)
    assert (found["broker"].state, found["broker"].found) == ("wrong", "no answer within 3 s")
    assert found["store"].state == "ok"


def test_a_check_that_fails_unexpectedly_ends_no_other(store: str, environment: pytest.MonkeyPatch) -> None:
    assert store

    def fail() -> None:
        raise TransientError("as it may")

    environment.setattr(broker, "reach", fail)
    assert of("score", environment)["broker"].found == "as it may"


def test_in_a_cluster_a_folder_of_a_pod_is_no_artifact_store(
    store: str, environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert store
    environment.setenv("HOST", "0.0.0.0")  # noqa: S104 - as in a container
    found = of("ingest", environment)["artifacts"]
    assert (found.state, "PICKET_ARTIFACTS is not set" in found.found) == ("wrong", True)
    environment.setenv("PICKET_ARTIFACTS", f"file://{tmp_path}")
    assert of("ingest", environment)["artifacts"].state == "ok"


@pytest.fixture
def little_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, with room for one megabyte."""
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small file system")
@pytest.mark.parametrize("variable", ["PICKET_DATA_DIR", "PICKET_ARTIFACTS"])
@pytest.mark.parametrize(
    "expected",
    [
        pytest.param(("No space left on device", "make room"), id="full"),
        pytest.param(("Read-only file system", "mount it for writing"), id="read-only"),
    ],
)
@pytest.mark.usefixtures("store")
def test_a_disk_that_takes_nothing_is_not_called_the_networks_fault(
    environment: pytest.MonkeyPatch, little_disk: Path, variable: str, expected: tuple[str, str]
) -> None:
    environment.setenv(variable, f"file://{little_disk}" if variable == "PICKET_ARTIFACTS" else str(little_disk))
    if "Read-only" in expected[0]:
        subprocess.run(["mount", "-o", "remount,ro", str(little_disk)], check=True)
    else:
        with (little_disk / "ballast").open("wb", buffering=0) as file, suppress(OSError):
            while True:
                file.write(bytes(4096))
    told = of("enumerate", environment)["artifacts"]
    assert told.state == "wrong"
    assert expected[0] in told.found
    assert told.advice.startswith(expected[1])
    assert "NetworkPolicy" not in told.advice


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        pytest.param(OperationFailure("", 8, {"errmsg": "database or disk is full"}), "make room", id="SQLite is full"),
        pytest.param(OperationFailure("", 14031), "make room", id="MongoDB is full"),
        pytest.param(OperationFailure("", 18), "see user and password in MONGODB_URI", id="wrong password"),
        pytest.param(OperationFailure("", 13), "see the roles", id="no right"),
        pytest.param(AutoReconnect(), "see MONGODB_URI, the user's roles, and the NetworkPolicy", id="away"),
    ],
)
def test_what_to_do_about_the_store_follows_from_what_it_says(
    store: str, environment: pytest.MonkeyPatch, error: Exception, advice: str
) -> None:
    assert store

    def fail(*_: object) -> None:
        raise error

    environment.setattr(doctor, "mongo", SimpleNamespace(collection=fail))
    assert doctor._tried("store", doctor._store).advice.startswith(advice)


@pytest.mark.real("ferretdb")
def test_a_store_that_leaves_out_what_it_is_given_is_told(ferretdb_uri: str, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("MONGODB_URI", ferretdb_uri)
    found = of("enumerate", environment)["store"]
    assert (found.state, found.found) == ("wrong", "it does not keep an empty list, null of a new document")
    assert "take MongoDB" in found.advice
    assert client.collection("doctor").count_documents({}) == 0


@pytest.mark.real("ferretdb")
def test_a_store_that_takes_no_lists_of_lists_is_told(ferretdb_uri: str, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("MONGODB_URI", ferretdb_uri)
    environment.setattr(doctor, "KEPT", {"revision": 0})
    assert of("enumerate", environment)["store"].found == "it does not keep lists of lists"


def test_a_connection_that_is_not_permitted_is_not_called_the_disks_fault(
    store: str, environment: pytest.MonkeyPatch
) -> None:
    assert store

    def fail() -> None:
        raise TransientError("the broker did not answer") from PermissionError(errno.EACCES, "Permission denied")

    environment.setattr(broker, "reach", fail)
    assert "NetworkPolicy functions-to-broker" in of("score", environment)["broker"].advice
