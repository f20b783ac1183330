"""What a newer revision wrote is left to it, and what it sends is not thrown away."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.orchestration.asking import ask, batches_of, states
from tests.support import secrets
from tests.support.deployment import Deployment, Message
from tests.support.repositories import Work

from picket.effects.mongo import batches, findings, organizations, repositories, schema, scores, webhooks
from picket.effects.mongo.client import collection
from picket.errors import Newer
from picket.events import CommitBatchCreated, ScanRequested, Tick

ENTITIES: dict[str, Callable[[str], Any]] = {
    "batches": batches.find,
    "findings": findings.get,
    "repositories": repositories.get,
    "organizations": organizations.find,
    "scores": scores.get,
    "sources": webhooks._by_id,
}


@pytest.fixture
def work(tmp_path: Path) -> Work:
    """A repository."""
    made = Work(tmp_path / "o" / "r")
    made.commit({"README": "x\n"})
    return made


@pytest.mark.parametrize("name", ENTITIES)
def test_a_document_of_a_newer_revision_is_not_read(store: str, name: str) -> None:
    assert store
    collection(name).insert_one({"_id": "x", "source": "x", "schema": schema.VERSION})
    assert ENTITIES[name]("x")["_id"] == "x"
    collection(name).update_one({"_id": "x"}, {"$set": {"schema": schema.VERSION + 1}})
    with pytest.raises(Newer, match="newer revision"):
        ENTITIES[name]("x")
    collection(name).update_one({"_id": "x"}, {"$unset": {"schema": ""}})
    assert ENTITIES[name]("x")["_id"] == "x"


def test_everything_that_functions_work_on_says_its_version(deployed: Deployment, work: Work) -> None:
    work.commit({"a.py": f"t = '{secrets.slack_token(1)}'\n"})
    deployed.api.post("/webhooks", json={"sender": "github", "name": "ci"})
    ask(deployed, work.path, "s")
    deployed.drain()
    assert states("s") == ["Done"]
    for name in ("scans", "batches", "findings", "occurrences", "repositories", "sources", "scores", "score_history"):
        found = list(collection(name).find({}))
        assert found, name
        assert {one.get("schema") for one in found} == {schema.VERSION}, name
    shown = deployed.api.get("/scans/s").json
    assert "schema" not in shown
    assert "schema" not in deployed.api.get("/findings").json["findings"][0]


def test_a_scan_of_a_newer_revision_waits_for_one(deployed: Deployment, work: Work) -> None:
    message = ask(deployed, work.path, "s")
    collection("scans").update_one({"_id": "s"}, {"$set": {"schema": schema.VERSION + 1}})
    assert deployed.deliver(message) == {"enumerate": 503}
    assert batches_of("s") == []
    collection("scans").update_one({"_id": "s"}, {"$set": {"schema": schema.VERSION}})
    deployed.drain()
    assert states("s") == ["Done"]


@pytest.mark.parametrize(
    ("function", "event_type", "status"),
    [
        ("scan", "dev.picket.commitbatch.created.v2", 503),
        ("scan", "dev.picket.commitbatch.created.v12", 503),
        ("scan", "dev.picket.commitbatch.created.v0", 204),
        ("scan", "dev.picket.scan.requested.v2", 204),
        ("scan", "dev.picket.commitbatch.created.vx", 204),
    ],
)
def test_an_event_of_a_newer_version_is_redelivered_not_rejected(
    deployed: Deployment, function: str, event_type: str, status: int
) -> None:
    headers = {"ce-id": "e", "ce-source": "/t", "ce-specversion": "1.0", "ce-type": event_type}
    message = Message({**headers, "content-type": "application/json"}, b"{}")
    assert deployed.clients[function].post("/", data=message.body, headers=message.headers).status_code == status
    assert collection("rejections").count_documents({}) == (0 if status == 503 else 1)


def test_only_a_later_version_of_the_same_type_is_newer() -> None:
    assert CommitBatchCreated.is_older_than("dev.picket.commitbatch.created.v2")
    assert not CommitBatchCreated.is_older_than(CommitBatchCreated.TYPE)
    assert not ScanRequested.is_older_than("dev.picket.commitbatch.created.v2")
    assert not Tick.is_older_than("dev.knative.sources.ping.v2")
