"""Scans of many repositories: accepted at once, made and cancelled by events, and told of when all of it has ended."""

from pathlib import Path
from typing import Any

import pytest
from tests.orchestration.asking import cancel, states, tick
from tests.support.deployment import Deployment
from tests.support.repositories import Work

from picket.effects.mongo import repositories, scans
from picket.effects.mongo.client import collection
from picket.orchestration import bulk, cancellation, completion

SCAN_REQUESTED = "dev.picket.scan.requested.v1"
CANCELLATION = "dev.picket.cancellation.requested.v1"


@pytest.fixture
def works(tmp_path: Path) -> list[Work]:
    made = [Work(tmp_path / "o" / f"r{number}") for number in range(5)]
    for work in made:
        work.commit({"a": f"{work.path.name}\n"})
    return made


@pytest.fixture(autouse=True)
def two_at_once(environment: pytest.MonkeyPatch) -> None:
    """Make and end two children an event."""
    environment.setattr(bulk, "AT_ONCE", 2)
    environment.setattr(cancellation, "AT_ONCE", 2)


def submit(deployed: Deployment, works: list[Work], **headers: str) -> dict[str, Any]:
    orders = [{"repository": str(work.path)} for work in works]
    answer = deployed.api.post("/scans", json=orders, headers=headers)
    assert answer.status_code == 202
    return dict(answer.json)


def children(parent: dict[str, Any]) -> list[str]:
    return [str(child["state"]) for child in scans.children(parent["id"])]


def test_a_list_is_accepted_before_any_child_is_made(deployed: Deployment) -> None:
    orders = [{"repository": f"https://forge.example/o/r{number}"} for number in range(1_000)]

    answer = deployed.api.post("/scans", json=orders).json

    assert (answer["state"], answer["children_total"], answer["children_open"]) == ("New", 1_000, 0)
    assert collection("repositories").count_documents({}) == 0
    assert len(deployed.queue) == 1


def test_children_are_made_some_at_a_time_and_the_list_is_done_when_all_are(
    deployed: Deployment, works: list[Work]
) -> None:
    parent = submit(deployed, works)
    made = []
    while states(parent["id"]) == ["New"]:
        message = next(one for one in deployed.queue if one.data["scan"] == parent["id"])
        deployed.queue.remove(message)
        deployed.deliver(message)
        made.append(len(children(parent)))

    assert made == [2, 4, 5]
    deployed.drain()
    assert (states(parent["id"]), children(parent)) == (["Done"], ["Done"] * 5)
    assert collection("orders").count_documents({}) == 0


def test_a_list_is_not_done_while_children_are_still_to_be_made(deployed: Deployment, works: list[Work]) -> None:
    parent = submit(deployed, works)
    first = deployed.queue.pop(0)
    deployed.deliver(first)
    later = [message for message in deployed.queue if message.data["scan"] == parent["id"]]
    deployed.queue[:] = [message for message in deployed.queue if message not in later]
    deployed.drain()
    assert (states(parent["id"]), children(parent)) == (["New"], ["Done", "Done"])

    deployed.queue += later
    deployed.drain()

    assert states(parent["id"]) == ["Done"]


def test_a_child_whose_address_is_not_admitted_any_more_fails_by_itself(
    deployed: Deployment, works: list[Work]
) -> None:
    parent = submit(deployed, works)
    first = deployed.queue.pop(0)
    name = f"local{works[1].path}"
    repositories.register(name, "ftp://forge.example/o/r")

    deployed.deliver(first)
    deployed.drain()

    assert sorted(children(parent)) == ["Done"] * 4 + ["Failed"]
    assert states(parent["id"]) == ["Partial"]


def test_a_list_asked_for_twice_with_one_key_is_one(deployed: Deployment, works: list[Work]) -> None:
    first = submit(deployed, works, **{"Idempotency-Key": "k"})
    deployed.drain()
    again = submit(deployed, works, **{"Idempotency-Key": "k"})
    deployed.drain()

    assert (first["id"], again["state"]) == (again["id"], "Done")
    assert (collection("scans").count_documents({}), collection("orders").count_documents({})) == (6, 0)


def test_every_event_of_a_list_may_come_twice(deployed: Deployment, works: list[Work]) -> None:
    parent = submit(deployed, works)
    while deployed.queue:
        message = deployed.queue.pop(0)
        deployed.deliver(message)
        deployed.deliver(message)

    assert (states(parent["id"]), children(parent)) == (["Done"], ["Done"] * 5)
    assert len({message.id for message in deployed.of_type("scan.completed")}) == 6


def test_a_list_whose_request_was_lost_is_gone_on_with_by_the_sweep(deployed: Deployment, works: list[Work]) -> None:
    parent = submit(deployed, works)
    deployed.deliver(deployed.queue.pop(0))
    deployed.queue.clear()

    assert tick(deployed, "t", idle=True) == 204
    deployed.drain()

    assert (states(parent["id"]), children(parent)) == (["Done"], ["Done"] * 5)


def test_a_list_is_cancelled_at_once_and_its_children_by_events(deployed: Deployment, works: list[Work]) -> None:
    parent = submit(deployed, works)
    deployed.deliver_all(SCAN_REQUESTED)
    deployed.queue.clear()
    assert len(children(parent)) == 5

    answer = deployed.api.delete(f"/scans/{parent['id']}")

    assert (answer.status_code, answer.json["state"], answer.json["is_ending"]) == (202, "Cancelled", True)
    assert (answer.json["children_total"], answer.json["children_open"]) == (5, 5)
    told = [message.data["scan"] for message in deployed.of_type("scan.completed")]
    assert parent["id"] not in told
    deployed.deliver_all(CANCELLATION)
    assert children(parent) == ["Cancelled"] * 5
    told = [message.data["scan"] for message in deployed.of_type("scan.completed")]
    assert (told.count(parent["id"]), told[-1]) == (1, parent["id"])
    assert deployed.api.get(f"/scans/{parent['id']}").json["is_ending"] is False


def test_a_child_that_ends_meanwhile_keeps_nothing_from_being_cancelled(
    deployed: Deployment, works: list[Work], environment: pytest.MonkeyPatch
) -> None:
    parent = submit(deployed, works)
    deployed.deliver_all(SCAN_REQUESTED)
    deployed.queue.clear()
    asked = scans.open_children

    def one_ends_meanwhile(*arguments: Any) -> Any:
        found = asked(*arguments)
        if found:
            completion.finish(found[0], "Failed", "meanwhile", actor="test")
        return found

    with environment.context() as patch:
        patch.setattr(scans, "open_children", one_ends_meanwhile)
        assert cancel(deployed, parent["id"]) == 202

    assert sorted(set(children(parent))) == ["Cancelled", "Failed"]
    assert states(parent["id"]) == ["Cancelled"]
    told = [message.data["scan"] for message in deployed.of_type("scan.completed")]
    assert parent["id"] in told


def test_a_cancellation_that_was_lost_is_gone_on_with_by_the_sweep(deployed: Deployment, works: list[Work]) -> None:
    parent = submit(deployed, works)
    deployed.deliver_all(SCAN_REQUESTED)
    deployed.api.delete(f"/scans/{parent['id']}")
    deployed.queue.clear()

    assert tick(deployed, "t") == 204
    deployed.drain()

    assert children(parent) == ["Cancelled"] * 5
    told = [message.data["scan"] for message in deployed.of_type("scan.completed")]
    assert told.count(parent["id"]) == 1


def test_a_list_cancelled_while_its_children_are_made_leaves_none_open(
    deployed: Deployment, works: list[Work], environment: pytest.MonkeyPatch
) -> None:
    parent = submit(deployed, works)
    opened = scans.open_scan

    def cancelled_meanwhile(*arguments: Any, **named: Any) -> Any:
        if states(parent["id"]) == ["New"]:
            assert cancel(deployed, parent["id"]) == 202
        return opened(*arguments, **named)

    with environment.context() as patch:
        patch.setattr(scans, "open_scan", cancelled_meanwhile)
        deployed.deliver(deployed.queue.pop(0))
    deployed.drain()

    assert set(children(parent)) == {"Cancelled"}
    assert collection("orders").count_documents({}) == 0


def test_pull_requests_are_looked_at_where_a_scan_asks_for_them(deployed: Deployment, works: list[Work]) -> None:
    order = {"repository": str(works[0].path), "pull_requests": True}

    for body in (order, [order]):
        deployed.api.post("/scans", json=body)
    deployed.deliver_all(SCAN_REQUESTED)

    asked = [message.data for message in deployed.of_type("scan.requested") if message.data["kind"] != "bulk"]
    assert {one["pull_requests"] for one in asked} == {True}


@pytest.mark.parametrize("ends", ["Done", "Cancelled"])
def test_a_child_whose_end_another_revision_told_holds_up_no_parent(
    deployed: Deployment, works: list[Work], ends: str
) -> None:
    parent = submit(deployed, works[:1])
    deployed.deliver_all(SCAN_REQUESTED)
    [child] = scans.children(parent["id"])
    if ends == "Cancelled":
        assert deployed.api.delete(f"/scans/{parent['id']}").status_code == 202
    deployed.queue.clear()
    # A revision that takes `open_under` away with a scan's last move tells of what this one moved before it died.
    assert scans.move(child, "Failed", "test")

    assert tick(deployed, "t", idle=True) == 204
    deployed.drain()

    assert states(parent["id"]) == ["Failed" if ends == "Done" else "Cancelled"]
    assert deployed.api.get(f"/scans/{parent['id']}").json["is_ending"] is False
    assert parent["id"] in [message.data["scan"] for message in deployed.of_type("scan.completed")]
