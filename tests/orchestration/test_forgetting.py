"""A repository that a person forgets is gone with all that was stored of it, and stays away until a person adds it."""

import json
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from tests.functions.test_normalize import receive
from tests.orchestration.asking import tick
from tests.support import pushes
from tests.support.deployment import Deployment, Message
from tests.support.repositories import Work
from tests.support.secrets import slack_token

from picket.effects import artifacts
from picket.effects.git import mirror
from picket.effects.mongo import leases, repositories, scans
from picket.effects.mongo.client import collection
from picket.effects.mongo.documents import Batch
from picket.events import ScanRequested
from picket.orchestration import enumeration, material

KEPT = {"deliveries", "names", "idempotency", "duties", "doctor", "rulesets", "team_changes", "scores", "score_history"}


@pytest.fixture
def work(tmp_path: Path) -> Work:
    made = Work(tmp_path / "o" / "r")
    made.commit({"a.py": f"t = '{slack_token(1)}'\n"})
    made.commit({"b.py": f"t = '{slack_token(2)}'\n"})
    return made


def scanned(deployed: Deployment, work: Work) -> str:
    """Scan a repository, let a team own it, and return its id."""
    asked = deployed.api.post("/scans", json={"repository": str(work.path)}).json
    deployed.drain()
    deployed.api.put(f"/repositories/{asked['repository']}/team", json={"team": "blue"})
    deployed.drain()
    return str(asked["repository"])


def left(identity: str) -> dict[str, int]:
    """Count what is still stored of a repository, by collection."""
    found = {}
    for name in collection("scans").database.list_collection_names():
        documents = [one for one in collection(name).find({}) if identity in str(one)]
        if documents:
            found[name] = len(documents)
    return found


def forget(deployed: Deployment, identity: str) -> None:
    assert deployed.api.delete(f"/repositories/{identity}?confirm={identity}").status_code == 202
    deployed.drain()


def test_it_is_confirmed_by_name(deployed: Deployment, work: Work) -> None:
    identity = scanned(deployed, work)

    for query in ("", "?confirm=yes"):
        assert deployed.api.delete(f"/repositories/{identity}{query}").status_code == 422

    assert len(deployed.api.get("/findings").json["findings"]) == 2


def test_nothing_is_left_but_its_name(deployed: Deployment, work: Work) -> None:
    identity = scanned(deployed, work)
    assert mirror.path_of(identity).exists()
    assert deployed.api.get("/teams/blue").json["score"] is not None

    forget(deployed, identity)

    assert set(left(identity)) <= {"names", "score_history"}
    assert [one for one in collection("score_history").find({}) if one["entity"] == identity] == []
    assert not mirror.path_of(identity).exists()
    assert deployed.api.get("/findings").json["findings"] == []
    assert deployed.api.get(f"/repositories/{identity}").status_code == 404
    team = deployed.api.get("/teams/blue").json
    assert (team["score"], team["members"]) == (None, [])


def test_open_scans_are_cancelled(deployed: Deployment, work: Work) -> None:
    identity = scanned(deployed, work)
    open_scan = deployed.api.post("/scans", json={"repository": str(work.path)}).json["id"]
    late = deployed.queue.pop()

    forget(deployed, identity)

    assert scans.find(open_scan) is None
    cancelled = {message.data["scan"]: message.data["state"] for message in deployed.of_type("scan.completed")}
    assert cancelled[open_scan] == "Cancelled"
    assert deployed.deliver(late) == {"enumerate": 204}
    assert collection("rejections").count_documents({}) == 0


def test_what_a_worker_is_at_is_waited_for(deployed: Deployment, work: Work) -> None:
    identity = scanned(deployed, work)
    batch = collection("batches").find_one({"repository": identity}) or {}

    with leases.held("batches", Batch, batch["_id"]):
        deployed.api.delete(f"/repositories/{identity}?confirm={identity}")
        [event] = [message for message in deployed.queue if message.type.endswith("repository.forgotten.v1")]
        assert deployed.deliver(event)["enumerate"] == 503
    deployed.drain()

    assert "findings" not in left(identity)


def test_neither_a_webhook_nor_a_listing_brings_it_back_and_a_person_does(
    deployed: Deployment, environment: pytest.MonkeyPatch
) -> None:
    url = "https://github.com/o/r.git"
    receive(deployed, "push", pushes.push(url, "a" * 40, "b" * 40), name="d1")
    deployed.queue.clear()
    forget(deployed, "github.com/o/r")

    assert receive(deployed, "push", pushes.push(url, "b" * 40, "c" * 40), name="d2") == 204

    assert collection("repositories").count_documents({}) == 0
    assert collection("rejections").count_documents({}) == 0
    added = deployed.api.post("/repositories", json={"repository": "https://github.com/o/r"}).json
    assert added["id"] == "github.com/o/r~again1"
    receive(deployed, "push", pushes.push(url, "c" * 40, "d" * 40), name="d3")
    assert deployed.of_type("scan.requested")[-1].data["repository"] == added["id"]
    assert environment


def test_added_again_it_is_scanned_anew_from_its_first_commit(deployed: Deployment, work: Work) -> None:
    identity = scanned(deployed, work)
    forget(deployed, identity)

    again = scanned(deployed, work)

    assert again == f"{identity}~again1"
    assert len(deployed.api.get("/findings").json["findings"]) == 2
    forget(deployed, again)
    assert scanned(deployed, work) == f"{identity}~again2"


def test_what_stands_still_is_gone_on_with_by_the_clock(deployed: Deployment, work: Work) -> None:
    identity = scanned(deployed, work)
    deployed.api.delete(f"/repositories/{identity}?confirm={identity}")
    deployed.queue.clear()
    collection("repositories").update_one({"_id": identity}, {"$set": {"forgetting": "at 2020"}})

    assert tick(deployed, "t") == 204
    deployed.drain()

    assert repositories.get(identity) is None


def test_each_event_deletes_a_part_and_may_come_twice(
    deployed: Deployment, work: Work, environment: pytest.MonkeyPatch
) -> None:
    from picket.orchestration import forgetting  # noqa: PLC0415 - reads the settings

    identity = scanned(deployed, work)
    environment.setattr(forgetting, "AT_ONCE", 1)
    deployed.api.delete(f"/repositories/{identity}?confirm={identity}")

    while deployed.queue:
        message = deployed.queue.pop(0)
        answers: list[Any] = [deployed.deliver(message) for _ in range(2)]
        assert {status for answer in answers for status in answer.values()} <= {204}

    assert repositories.get(identity) is None
    assert "findings" not in left(identity)


def test_a_request_that_comes_after_it_is_gone_scans_nothing(deployed: Deployment, work: Work) -> None:
    identity = scanned(deployed, work)
    deployed.api.post("/scans", json={"repository": str(work.path)})
    late = deployed.queue.pop()
    forget(deployed, identity)

    assert deployed.deliver(late) == {"enumerate": 204}
    deployed.drain()

    assert set(left(identity)) <= {"names", "score_history"}
    assert not mirror.path_of(identity).exists()


def test_nothing_is_stored_of_what_is_being_forgotten(deployed: Deployment, work: Work) -> None:
    identity = scanned(deployed, work)
    moved = deployed.of_type("finding.changed")[-1]
    deployed.api.delete(f"/repositories/{identity}?confirm={identity}")
    collection("scores").delete_one({"_id": identity})
    collection("score_history").delete_many({"entity": identity})
    report = {"repository": identity, "tool": "t", "kind": "secret", "identity": "i", "rule": "r", "title": "t"}
    headers = {**moved.headers, "ce-type": "dev.picket.finding.reported.v1", "ce-id": "reported"}
    reported = Message(headers, json.dumps(report).encode())
    before = collection("findings").count_documents({})

    assert set(deployed.deliver(moved).values()) == {204}
    assert set(deployed.deliver(reported).values()) == {204}

    assert collection("scores").find_one({"_id": identity}) is None
    assert collection("findings").count_documents({}) == before


def test_a_forge_id_that_an_earlier_version_stored_does_not_bring_it_back_under_another_name(
    deployed: Deployment,
) -> None:
    receive(deployed, "push", pushes.push("https://github.com/o/r.git", "a" * 40, "b" * 40), name="d1")
    deployed.queue.clear()
    collection("names").delete_one({"_id": "id github.com:7"})  # as the earlier version left it
    forget(deployed, "github.com/o/r")

    receive(deployed, "push", pushes.push("https://github.com/o/renamed.git", "b" * 40, "c" * 40), name="d2")

    assert collection("repositories").count_documents({}) == 0


@pytest.mark.parametrize(
    "step", [pytest.param((enumeration, "plan_batches"), id="plans"), pytest.param((material, "of"), id="scans")]
)
def test_a_worker_that_is_at_it_meanwhile_leaves_nothing(
    deployed: Deployment, work: Work, environment: pytest.MonkeyPatch, step: tuple[Any, str]
) -> None:
    module, name = step
    do = getattr(module, name)

    def forgotten_meanwhile(*arguments: Any, **named: Any) -> Any:
        done = do(*arguments, **named)
        deployed.api.delete(f"/repositories/{identity}?confirm={identity}")
        event = deployed.queue.pop()
        while repositories.get(identity):
            deployed.deliver(event)
            for kind in ("cancellation.requested", "repository.forgotten"):
                deployed.deliver_all(f"dev.picket.{kind}.v1")
        return done

    identity = str(deployed.api.post("/scans", json={"repository": str(work.path)}).json["repository"])
    with environment.context() as patch:
        patch.setattr(module, name, forgotten_meanwhile)
        while deployed.queue:
            deployed.deliver(deployed.queue.pop(0))

    assert set(left(identity)) <= {"names", "score_history", "deliveries"}


def test_a_list_of_repositories_is_told_of_one_that_is_forgotten_while_it_is_scanned(
    deployed: Deployment, work: Work
) -> None:
    listed = deployed.api.post("/scans", json=[{"repository": str(work.path)}]).json
    deployed.deliver_all("dev.picket.scan.requested.v1")
    [child] = scans.children(listed["id"])
    assert child["state"] == "Scheduled"

    deployed.api.delete(f"/repositories/{child['repository']}?confirm={child['repository']}")
    deployed.deliver_all("dev.picket.repository.forgotten.v1")

    told = {message.data["scan"]: message.data["state"] for message in deployed.of_type("scan.completed")}
    assert told == {child["_id"]: "Cancelled", listed["id"]: "Failed"}


def test_its_builds_are_gone_under_every_name_it_has_had_and_no_others(deployed: Deployment) -> None:
    repositories.register("h/o/before", "https://h/o/before", forge_key="h:1")
    repositories.register("h/o/r", "https://h/o/r", forge_key="h:1")
    repositories.register("h/o/r2", "https://h/o/r2")
    kept = {name: artifacts.put(f"build_artifacts/{name}", b"x") for name in ("o/r2/sha.zip", "o/r2.zip")}
    for name in ("o/r/sha.zip", "o/r.zip", "o/before/sha.zip", "o/before.zip"):
        artifacts.put(f"build_artifacts/{name}", b"x")

    forget(deployed, "h/o/before")

    assert set(artifacts.older_than("build_artifacts", -timedelta(hours=1))) == set(kept.values())


def test_an_event_deletes_no_more_batches_than_one_may(deployed: Deployment, work: Work) -> None:
    from picket.orchestration import forgetting  # noqa: PLC0415 - reads the settings

    identity = scanned(deployed, work)
    [batch] = collection("batches").find({"repository": identity})
    for scan in range(4):
        collection("scans").insert_one({**scans.get(batch["scan"]), "_id": f"s{scan}"})
        copies = [{**batch, "_id": f"{scan}-{number}", "scan": f"s{scan}"} for number in range(30)]
        collection("batches").insert_many(copies)
    deployed.api.delete(f"/repositories/{identity}?confirm={identity}")
    counts = [121]
    while deployed.queue:
        deployed.deliver(deployed.queue.pop(0))
        counts.append(collection("batches").count_documents({}))

    assert counts[-1] == 0
    most = max(before - after for before, after in pairwise(counts))
    assert most <= forgetting._BATCHES_AT_ONCE
    assert repositories.get(identity) is None


@pytest.mark.slow
def test_many_open_scans_are_cancelled_some_an_event(deployed: Deployment, work: Work) -> None:
    identity = scanned(deployed, work)
    for number in range(120):
        request = ScanRequested(scan=f"s{number}", repository=identity, url=work.path.as_uri())
        scans.open_scan(request, "test")

    forget(deployed, identity)

    assert "scans" not in left(identity)
