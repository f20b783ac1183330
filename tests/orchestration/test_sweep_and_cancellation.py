"""What dead workers leave is put back, what stands still is asked for again, and what is cancelled ends."""

import time
from pathlib import Path
from typing import Any

import pytest
from tests.orchestration.asking import ask, batches_of, cancel, push, states, tick
from tests.support import secrets
from tests.support.deployment import Deployment, forget
from tests.support.repositories import Work

from picket.commits import plan
from picket.commits.lifecycle import MAX_TAKEOVERS
from picket.effects import broker
from picket.effects.git import history
from picket.effects.mongo import batches, leases, scans, schema
from picket.effects.mongo.client import collection
from picket.effects.mongo.documents import Batch
from picket.errors import TransientError


@pytest.fixture
def work(tmp_path: Path) -> Work:
    """A repository with three commits, each with a secret."""
    made = Work(tmp_path / "o" / "r")
    for number in range(3):
        made.commit({f"f{number}": f"t = '{secrets.slack_token(number)}'\n"})
    return made


@pytest.fixture
def small(environment: pytest.MonkeyPatch, deployed: Deployment) -> Deployment:
    """The functions, with a commit a batch and two batches of a full scan at a time."""
    environment.setattr(plan.cut, "__kwdefaults__", {"max_commits": 1, "max_bytes": plan.MAX_BYTES})
    environment.setenv("PICKET_BATCHES_IN_FLIGHT", "2")
    forget()
    return deployed


def die(collection_name: str, document: str, **fields: Any) -> None:
    """Leave a lease behind as a worker does that was killed."""
    collection(collection_name).update_one(
        {"_id": document}, {"$set": {"lease_until": time.time() - 1, **fields}, "$inc": {"fence": 1}}
    )


def test_a_window_of_batches_is_with_the_scanners_at_a_time(small: Deployment, work: Work) -> None:
    for number in range(4):
        work.commit({"more": f"{number}\n"})
    ask(small, work.path, "s")
    small.deliver(small.queue.pop(0))

    waiting = []
    while small.queue:
        waiting.append(sum(message.type.endswith("commitbatch.created.v1") for message in small.queue))
        small.deliver(small.queue.pop(0))

    assert max(waiting) == 2
    assert states("s") == ["Done"]
    assert [batch["state"] for batch in batches_of("s")] == ["Done"] * 7


def test_a_push_has_all_its_batches_out_at_once(small: Deployment, work: Work) -> None:
    before = work.head()
    for number in range(5):
        work.commit({"more": f"{number}\n"})
    ask(small, work.path, "s", **push(before, work.head()))

    small.deliver(small.queue.pop(0))

    assert len(small.of_type("commitbatch.created")) == 5


def test_a_batch_whose_event_was_given_up_makes_room_for_the_next(small: Deployment, work: Work) -> None:
    ask(small, work.path, "s")
    small.deliver(small.queue.pop(0))
    lost = small.queue.pop(0)

    assert small.api.post("/dead-letters/scan", data=lost.body, headers=lost.headers).status_code == 204
    small.drain()

    assert states("s") == ["Partial"]
    assert [batch["state"] for batch in batches_of("s")] == ["Failed", "Done", "Done"]
    shown = small.api.get("/scans/s").json
    why = "gave up on dev.picket.commitbatch.created.v1 after its last retry"
    assert shown["history"][-1]["reason"] == f"1 Failed: {why}"
    assert shown["failures"] == [{"batch": batches_of("s")[0]["_id"], "commits": 1, "reason": why}]


def test_the_sweep_puts_a_dead_scanners_batch_back(deployed: Deployment, work: Work) -> None:
    ask(deployed, work.path, "s")
    deployed.deliver(deployed.queue.pop(0))
    [batch] = batches_of("s")
    batches.move(batch, "InProgress", "scan")
    die("batches", batch["_id"])
    deployed.queue.clear()

    assert tick(deployed, "t1") == 204
    [again] = batches_of("s")
    assert (again["state"], again["takeovers"], again["history"][-1]["actor"]) == ("Queued", 1, "sweep")
    deployed.drain()
    assert states("s") == ["Done"]


def test_the_sweep_leaves_work_that_somebody_is_at(deployed: Deployment, work: Work) -> None:
    ask(deployed, work.path, "s")
    deployed.deliver(deployed.queue.pop(0))
    [batch] = batches_of("s")
    deployed.queue.clear()

    with leases.held("batches", Batch, batch["_id"]):
        assert tick(deployed, "t1") == 204
    assert not deployed.queue
    assert batches_of("s")[0]["takeovers"] == 0


def test_what_kills_every_worker_fails_in_the_end(deployed: Deployment, work: Work) -> None:
    ask(deployed, work.path, "s")
    deployed.deliver(deployed.queue.pop(0))
    created = deployed.queue.pop(0)
    [batch] = batches_of("s")
    for _ in range(MAX_TAKEOVERS - 1):
        die("batches", batch["_id"])
        with leases.held("batches", Batch, batch["_id"]):
            pass
    die("batches", batch["_id"])

    assert deployed.deliver(created) == {"scan": 204}
    deployed.drain()

    assert states("s") == ["Failed"]
    assert "workers died" in batches_of("s")[0]["history"][-1]["reason"]


def test_the_sweep_fails_what_kills_every_worker_when_no_event_is_left(deployed: Deployment, work: Work) -> None:
    message = ask(deployed, work.path, "s")
    assert message
    deployed.queue.clear()
    for number in range(MAX_TAKEOVERS):
        die("scans", "s")
        assert tick(deployed, f"t{number}") == 204
        deployed.queue.clear()

    assert states("s") == ["Failed"]


def test_a_lease_that_runs_into_the_far_future_was_given_by_a_clock_that_jumped(
    deployed: Deployment, work: Work
) -> None:
    ask(deployed, work.path, "s")
    collection("scans").update_one({"_id": "s"}, {"$set": {"lease_until": time.time() + 3_600.0, "fence": 4}})

    deployed.drain()

    assert states("s") == ["Done"]
    assert scans.get("s")["takeovers"] == 1


@pytest.mark.parametrize("lost", ["commitbatch.created", "commitbatch.scanned"])
def test_an_event_that_the_broker_lost_is_sent_again_when_nothing_has_moved_for_long(
    deployed: Deployment, work: Work, lost: str
) -> None:
    ask(deployed, work.path, "s")
    while not deployed.queue[0].type.endswith(f"{lost}.v1"):
        deployed.deliver(deployed.queue.pop(0))
    deployed.queue.clear()

    assert tick(deployed, "early") == 204
    assert not deployed.queue
    assert tick(deployed, "late", idle=True) == 204
    deployed.drain()

    assert states("s") == ["Done"]


def test_a_scan_that_is_cancelled_ends_with_its_batches(small: Deployment, work: Work) -> None:
    ask(small, work.path, "s")
    small.deliver(small.queue.pop(0))
    small.deliver(small.queue.pop(0))

    answer = small.api.delete("/scans/s")

    assert (answer.status_code, answer.json["state"], answer.json["is_ending"]) == (202, "Cancelled", True)
    assert small.of_type("scan.completed") == []
    assert set(small.deliver_all("dev.picket.cancellation.requested.v1")) == {204}
    assert [batch["state"] for batch in batches_of("s")] == ["Scanned", "Cancelled", "Cancelled"]
    small.drain()
    assert [batch["state"] for batch in batches_of("s")] == ["Done", "Cancelled", "Cancelled"]
    assert small.of_type("scan.completed")[0].data["state"] == "Cancelled"
    assert cancel(small, "s") == 202
    assert len({message.id for message in small.of_type("scan.completed")}) == 1


def test_a_scan_that_has_ended_cannot_be_cancelled(deployed: Deployment, work: Work) -> None:
    ask(deployed, work.path, "s")
    deployed.drain()

    answer = deployed.api.delete("/scans/s")

    assert (answer.status_code, answer.json["detail"]) == (409, "the scan has ended: Done")
    assert deployed.api.delete("/scans/none").status_code == 404


@pytest.mark.parametrize("how", ["the sweep", "the same call again"])
def test_the_end_of_a_scan_is_told_even_if_whoever_ended_it_could_not(
    deployed: Deployment, work: Work, environment: pytest.MonkeyPatch, how: str
) -> None:
    ask(deployed, work.path, "s")
    with environment.context() as broker_is_away:
        broker_is_away.setattr(broker, "emit", lambda *_: (_ for _ in ()).throw(TransientError("away")))
        assert deployed.api.delete("/scans/s").status_code == 503
    assert states("s") == ["Cancelled"]
    assert deployed.of_type("scan.completed") == []

    for number in range(2):
        if how == "the sweep":
            assert tick(deployed, f"t{number}") == 204
        else:
            assert cancel(deployed, "s") == 202

    [told] = deployed.of_type("scan.completed")
    assert (told.data["scan"], told.data["state"]) == ("s", "Cancelled")


def test_a_list_is_cancelled_with_its_children(deployed: Deployment, work: Work, tmp_path: Path) -> None:
    other = Work(tmp_path / "o" / "r2")
    other.commit({"a": "1\n"})
    parent = deployed.api.post("/scans", json=[{"repository": str(one.path)} for one in (work, other)]).json
    deployed.deliver(deployed.queue.pop(0))

    assert deployed.api.delete(f"/scans/{parent['id']}").json["state"] == "Cancelled"
    deployed.drain()

    children = deployed.api.get(f"/scans/{parent['id']}").json["children"]
    assert [child["state"] for child in children] == ["Cancelled"] * 2


def test_an_enumeration_notices_that_its_scan_is_cancelled(
    deployed: Deployment, work: Work, environment: pytest.MonkeyPatch
) -> None:
    message = ask(deployed, work.path, "s")
    sizes = history.sizes

    def cancel_meanwhile(*arguments: Any) -> Any:
        assert cancel(deployed, "s") == 202
        return sizes(*arguments)

    with environment.context() as patch:
        patch.setattr(history, "sizes", cancel_meanwhile)
        assert deployed.deliver(message) == {"enumerate": 503}
    deployed.drain()

    assert states("s") == ["Cancelled"]
    assert deployed.of_type("commitbatch.created") == []


def test_a_scanner_notices_that_its_batch_is_cancelled(
    deployed: Deployment, work: Work, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("PICKET_LEASE_SECONDS", "0.15")
    forget()
    ask(deployed, work.path, "s")
    deployed.deliver(deployed.queue.pop(0))
    created = deployed.queue.pop(0)
    checks: list[bool] = []
    check = leases.Lease.check

    def cancelled_at_the_first(lease: leases.Lease[Batch]) -> None:
        if not checks:
            assert cancel(deployed, "s") == 202
            assert lease.lost.wait(60)
        checks.append(lease.lost.is_set())
        check(lease)

    with environment.context() as patch:
        patch.setattr(leases.Lease, "check", cancelled_at_the_first)
        assert deployed.deliver(created) == {"scan": 503}
    assert checks == [True]
    assert deployed.deliver(created) == {"scan": 204}

    assert batches_of("s")[0]["state"] == "Cancelled"
    assert collection("findings").count_documents({}) == 0


def test_a_scan_of_a_newer_revision_holds_up_no_other(deployed: Deployment, work: Work, tmp_path: Path) -> None:
    other = Work(tmp_path / "o" / "r2")
    other.commit({"a": "1\n"})
    for name, path in (("newer", work.path), ("mine", other.path)):
        ask(deployed, path, name)
    for _ in range(2):
        deployed.deliver(deployed.queue.pop(0))
    for name in ("newer", "mine"):
        [batch] = batches_of(name)
        batches.move(batch, "InProgress", "scan")
        die("batches", batch["_id"])
    newer = {"$set": {"schema": schema.VERSION + 1}}
    collection("scans").update_one({"_id": "newer"}, newer)
    collection("batches").update_one({"scan": "newer"}, newer)
    deployed.queue.clear()

    assert tick(deployed, "t1", idle=True) == 204
    [left] = batches_of("newer")
    assert (left["state"], left["takeovers"]) == ("InProgress", 0)
    assert left["lease_until"] > 0
    # What is asked for again on the other's account waits for a newer revision.
    deployed.queue[:] = [message for message in deployed.queue if message.data["scan"] == "mine"]
    deployed.drain()
    assert states("mine") == ["Done"]
