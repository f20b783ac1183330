"""The clock's duties: each by an event of its own, a bounded piece at a time, and one bad document stops nothing."""

import json
from datetime import timedelta
from typing import Any

import pytest
from tests.orchestration.asking import tick
from tests.support.deployment import Deployment, Message

from picket.effects.mongo import repositories, scans
from picket.effects.mongo.client import collection
from picket.errors import Gone
from picket.events import DutyDue, ScanRequested, ago
from picket.orchestration import schedule, sweep

DUTY = DutyDue.TYPE


def due(name: str, hours: int = 1) -> None:
    """Let a repository be due."""
    repositories.register(name, f"https://{name}")
    fields = {"$set": {"due": f"at {ago(timedelta(hours=hours))}"}, "$unset": {"waits_since": ""}}
    collection("repositories").update_one({"_id": name}, fields)


def asked(deployed: Deployment) -> set[str]:
    return {message.data["repository"] for message in deployed.of_type("scan.requested")}


def test_a_tick_is_an_event_for_each_duty(deployed: Deployment) -> None:
    headers = {"ce-id": "t", "ce-type": "dev.knative.sources.ping", "ce-source": "/p", "ce-specversion": "1.0"}
    deployed.deliver(Message({**headers, "content-type": "application/json"}, b"{}"))

    duties = [message.data["duty"] for message in deployed.queue]

    assert len(duties) == len(set(duties)) > 5
    assert {message.type for message in deployed.queue} == {DUTY}


def test_a_document_that_does_not_fit_stops_neither_its_duty_nor_the_others(deployed: Deployment) -> None:
    due("h/o/broken", hours=9)
    collection("repositories").update_one({"_id": "h/o/broken"}, {"$set": {"schedules": [{"no": "schedule"}]}})
    due("h/o/fine")
    scans.open_scan(ScanRequested(scan="odd", repository="h/o/r", url="https://h/o/r"), "test")
    scans.open_scan(ScanRequested(scan="lost", repository="h/o/lost", url="https://h/o/lost"), "test")
    collection("scans").update_one({"_id": "odd"}, {"$set": {"kind": "no kind"}})

    assert tick(deployed, "t", idle=True) == 204

    assert {"h/o/fine", "h/o/lost"} <= asked(deployed)


def test_what_fails_is_put_off_so_that_others_are_not_behind_it(
    deployed: Deployment, environment: pytest.MonkeyPatch
) -> None:
    environment.setattr(schedule, "AT_ONCE", 1)
    for number in range(3):
        due(f"h/o/broken{number}", hours=9)
        collection("repositories").update_one({"_id": f"h/o/broken{number}"}, {"$set": {"schedules": [{"no": 1}]}})
    due("h/o/fine")

    assert tick(deployed, "t") == 204

    assert asked(deployed) == {"h/o/fine"}


def test_what_fails_is_counted_and_logged_without_what_it_holds(
    deployed: Deployment, capfd: pytest.CaptureFixture[str]
) -> None:
    due("h/o/broken")
    canary = "s3cr3t-canary"
    collection("repositories").update_one({"_id": "h/o/broken"}, {"$set": {"schedules": [{canary: canary}]}})

    assert tick(deployed, "t") == 204

    said = capfd.readouterr().err
    assert "a duty failed for one item" in said
    assert canary not in said


def test_a_broker_that_is_away_ends_a_piece_and_its_event_comes_again(deployed: Deployment) -> None:
    due("h/o/r")
    headers = {"ce-id": "d", "ce-type": DUTY, "ce-source": "/p", "ce-specversion": "1.0"}
    message = Message({**headers, "content-type": "application/json"}, b'{"duty":"schedules"}')
    deployed.is_down = True
    assert deployed.deliver(message) == {"enumerate": 503}
    deployed.is_down = False

    assert tick(deployed, "t", idle=True) == 204

    assert asked(deployed) == {"h/o/r"}


def test_many_that_are_due_are_asked_for_by_many_events(deployed: Deployment, environment: pytest.MonkeyPatch) -> None:
    environment.setattr(schedule, "AT_ONCE", 3)
    for number in range(10):
        due(f"h/o/r{number}")

    assert tick(deployed, "t") == 204

    assert len(asked(deployed)) == 10
    turns = [message.data["turn"] for message in deployed.of_type("duty.due") if message.data["duty"] == "schedules"]
    assert turns == [0, 1, 2, 3]


def test_a_duty_that_nobody_knows_is_rejected(deployed: Deployment) -> None:
    headers = {"ce-id": "d", "ce-type": DUTY, "ce-source": "/p", "ce-specversion": "1.0"}
    message = Message({**headers, "content-type": "application/json"}, b'{"duty":"nosuch"}')

    assert deployed.deliver(message) == {"enumerate": 204}

    [rejected] = deployed.of_type("event.rejected")
    assert "nosuch" in rejected.data["reason"]


def test_expired_artifacts_are_deleted_in_pieces_and_those_in_need_stay(
    deployed: Deployment, environment: pytest.MonkeyPatch
) -> None:
    from picket.effects import artifacts  # noqa: PLC0415 - reads the settings
    from picket.orchestration import expiry  # noqa: PLC0415

    environment.setattr(expiry, "AT_ONCE", 2)
    environment.setattr(artifacts, "age", lambda _: timedelta(days=99))
    found = [artifacts.put(f"material/{number}.json", b"x") for number in range(5)]
    environment.setattr(artifacts, "older_than", lambda prefix, _: [one for one in found if prefix in one])
    scans.open_scan(ScanRequested(scan="s", repository="h/o/r", url="https://h/o/r"), "test")
    needed: dict[str, Any] = {"_id": "b", "scan": "s", "material": found[0], "open_in": "s|1"}
    collection("batches").insert_one(needed)

    assert tick(deployed, "t") == 204

    gone = []
    for one in found:
        try:
            artifacts.get(one)
        except Gone:
            gone.append(one)
    assert gone == found[1:]


@pytest.mark.parametrize("duty", ["untold", "retries"])
def test_a_duty_that_a_former_revision_asks_for_is_no_rejection(deployed: Deployment, duty: str) -> None:
    headers = {"ce-id": duty, "ce-type": DutyDue.TYPE, "ce-source": "/t", "ce-specversion": "1.0"}
    message = Message({**headers, "content-type": "application/json"}, json.dumps({"duty": duty}).encode())

    assert deployed.deliver(message) == {"enumerate": 204}
    assert not deployed.of_type("event.rejected")


def test_what_cannot_be_told_yet_keeps_no_other_end_from_being_told(
    deployed: Deployment, environment: pytest.MonkeyPatch
) -> None:
    environment.setattr(sweep, "AT_ONCE", 2)
    for number in range(5):
        request = ScanRequested(scan=f"s{number}", repository="h/o/r", url="https://h/o/r")
        scan = scans.open_scan(request, "test")
        assert scans.move(scan, "Cancelled", "test", untold="one event")
    for number in range(1, 5):  # these are still ending
        waits = ScanRequested(scan=f"child{number}", repository="h/o/r", url="https://h/o/r", parent=f"s{number}")
        scans.open_scan(waits, "test")
    collection("scans").delete_one({"_id": "s0"})
    request = ScanRequested(scan="s9", repository="h/o/r", url="https://h/o/r")
    assert scans.move(scans.open_scan(request, "test"), "Failed", "test", untold="one event")

    tick(deployed, "t")

    assert "s9" in {message.data["scan"] for message in deployed.of_type("scan.completed")}
    asked = [message.data["scan"] for message in deployed.of_type("cancellation.requested")]
    assert sorted(asked) == ["s1", "s2", "s3", "s4"]
