"""Pushes to one branch that wait are looked at by one scan."""

from pathlib import Path

import pytest
from tests.orchestration.asking import ask, push, states
from tests.support import secrets
from tests.support.deployment import Deployment
from tests.support.repositories import Work

from picket.effects.mongo import scans
from picket.effects.mongo.client import collection


@pytest.fixture
def work(tmp_path: Path) -> Work:
    """A repository with a first commit."""
    made = Work(tmp_path / "o" / "r")
    made.commit({"README": "x\n"})
    return made


def test_pushes_that_wait_go_together_and_end_alike(deployed: Deployment, work: Work) -> None:
    heads = [work.head(), *(work.commit({"a": f"t = '{secrets.slack_token(n)}'\n"}) for n in range(5))]
    for number in range(5):
        ask(deployed, work.path, f"s{number}", **push(heads[number], heads[number + 1]))

    deployed.drain()

    assert states(*(f"s{n}" for n in range(5))) == ["Done"] * 5
    [batch] = collection("batches").find({})
    assert (batch["scan"], batch["commits"]) == ("s0", heads[1:])
    assert scans.get("s3")["history"][-1]["reason"] == "with s0"
    assert {message.data["scan"] for message in deployed.of_type("scan.completed")} == {f"s{n}" for n in range(5)}
    assert len(deployed.api.get("/findings").json["findings"]) == 5


def test_a_push_that_does_not_follow_goes_by_itself(deployed: Deployment, work: Work) -> None:
    start = work.head()
    first = work.commit({"a": "1\n"})
    work.git("reset", "--quiet", "--hard", start)
    other = work.commit({"a": "2\n"})
    ask(deployed, work.path, "s1", **push(start, first))
    ask(deployed, work.path, "s2", **push(first, other, forced=True))
    ask(deployed, work.path, "s3", **push(start, other, ref="refs/heads/else"))

    deployed.drain()

    assert states("s1", "s2", "s3") == ["Done"] * 3
    assert "taken_by" not in scans.get("s2")
    assert "taken_by" not in scans.get("s3")


def test_commits_that_a_push_rewrote_without_saying_so_are_looked_at_all_the_same(
    deployed: Deployment, work: Work
) -> None:
    start = work.head()
    leaked = work.commit({"a": f"t = '{secrets.slack_token(1)}'\n"})
    work.git("reset", "--quiet", "--hard", start)
    amended = work.commit({"a": "2\n"})
    ask(deployed, work.path, "s1", **push(start, leaked))
    ask(deployed, work.path, "s2", **push(leaked, amended))
    ask(deployed, work.path, "s3", **push(amended, start))

    deployed.drain()

    assert states("s1", "s2", "s3") == ["Done"] * 3
    assert [scans.get(name)["taken_by"] for name in ("s2", "s3")] == ["s1", "s1"]
    [batch] = collection("batches").find({})
    assert set(batch["commits"]) == {leaked, amended}
    assert len(deployed.api.get("/findings").json["findings"]) == 1


def test_a_push_does_not_fail_with_one_taken_along_whose_commits_are_gone(deployed: Deployment, work: Work) -> None:
    start = work.head()
    leaked = work.commit({"a": f"t = '{secrets.slack_token(1)}'\n"})
    message = ask(deployed, work.path, "s1", **push(start, leaked))
    ask(deployed, work.path, "s2", **push(leaked, "e" * 40))

    assert deployed.deliver(message) == {"enumerate": 503}
    deployed.drain()

    assert states("s1", "s2") == ["Done", "Failed"]
    assert len(deployed.api.get("/findings").json["findings"]) == 1


def test_those_taken_along_go_on_by_themselves_when_the_scan_that_took_them_fails(
    deployed: Deployment, work: Work
) -> None:
    missing = "e" * 40
    after = work.commit({"a": "1\n"})
    ask(deployed, work.path, "s1", **push(work.git("rev-parse", "HEAD~1"), missing))
    ask(deployed, work.path, "s2", **push(missing, after))
    taker = deployed.queue.pop(0)
    collection("scans").update_one({"_id": "s1"}, {"$set": {"took": True}})
    collection("scans").update_one({"_id": "s2"}, {"$set": {"taken_by": "s1", "state": "Queued"}})
    deployed.queue.clear()

    assert deployed.api.post("/dead-letters/enumerate", data=taker.body, headers=taker.headers).status_code == 204
    deployed.drain()

    assert states("s1", "s2") == ["Failed", "Done"]
    assert "taken_by" not in scans.get("s2")


@pytest.mark.parametrize("ended", ["Failed", "Cancelled", "Partial"])
def test_one_taken_along_goes_on_though_nobody_has_let_it_go_after_the_other_scan_ended_without_it(
    deployed: Deployment, work: Work, ended: str
) -> None:
    before = work.head()
    ask(deployed, work.path, "s1", **push(before, work.commit({"a": "1\n"})))
    ask(deployed, work.path, "s2", **push(work.git("rev-parse", "HEAD"), work.commit({"a": "2\n"})))
    collection("scans").update_one({"_id": "s1"}, {"$set": {"took": True, "state": ended}})
    collection("scans").update_one({"_id": "s2"}, {"$set": {"taken_by": "s1", "state": "Queued"}})

    deployed.drain()

    assert states("s2") == ["Done"]
    assert "taken_by" not in scans.get("s2")
    assert [batch["scan"] for batch in collection("batches").find({})] == ["s2"]


def test_those_taken_along_by_a_scan_that_was_then_taken_along_itself_are_not_forgotten(
    deployed: Deployment, work: Work
) -> None:
    heads = [work.head(), *(work.commit({"a": f"{n}\n"}) for n in range(3))]
    for number in range(3):
        ask(deployed, work.path, f"s{number}", **push(heads[number], heads[number + 1]))
    collection("scans").update_one({"_id": "s1"}, {"$set": {"took": True}})  # and then its forge did not answer
    collection("scans").update_one(
        {"_id": "s2"}, {"$set": {"taken_by": "s1", "state": "Queued"}, "$unset": {"branch": ""}}
    )

    deployed.drain()

    assert states("s0", "s1", "s2") == ["Done"] * 3
    assert [batch["commits"] for batch in collection("batches").find({})] == [heads[1:3], heads[3:]]


def test_full_scans_that_overlap_are_one(deployed: Deployment, work: Work) -> None:
    for number in range(3):
        ask(deployed, work.path, f"s{number}", kind="scheduled")

    deployed.drain()

    assert states("s0", "s1", "s2") == ["Done"] * 3
    assert [scan.get("taken_by") for scan in map(scans.get, ("s0", "s1", "s2"))] == [None, "s0", "s0"]
    assert collection("batches").count_documents({}) == 1


def test_a_push_is_not_taken_along_by_a_scan_that_rules_have_asked_for(deployed: Deployment, work: Work) -> None:
    ask(deployed, work.path, "s1")
    ask(deployed, work.path, "s2", chain=("rule",))

    deployed.drain()

    assert "taken_by" not in scans.get("s2")
    assert states("s1", "s2") == ["Done", "Done"]
