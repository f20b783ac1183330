"""A scan's server-sent events: in order, resumable, and over in bounded time."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support import secrets
from tests.support.deployment import Deployment
from tests.support.repositories import Work

from picket.api import events
from picket.cli.stream import Event, Stream
from picket.effects.mongo import scans
from picket.effects.mongo.documents import Scan


@pytest.fixture(autouse=True)
def no_waiting(environment: pytest.MonkeyPatch) -> None:
    """Responses that end as soon as they have told what is new."""
    environment.setattr(events, "LONGEST_SECONDS", 0.0)


@pytest.fixture
def scan(deployed: Deployment, tmp_path: Path) -> Iterator[str]:
    work = Work(tmp_path / "work")
    for number in range(3):
        work.commit({f"f{number}": f"t = '{secrets.slack_token(number)}'\n"})
    yield deployed.api.post("/scans", json={"repository": str(work.path)}).json["id"]
    assert events._places._value == 8, "a place was not given back"


def told(deployed: Deployment, scan: str, last: str = "") -> list[Event]:
    """Return the events of one response."""
    answer = deployed.api.get(f"/scans/{scan}/events", headers={"Last-Event-ID": last})
    assert (answer.status_code, answer.content_type.partition(";")[0]) == (200, "text/event-stream")
    return list(Stream("").read(answer.data.splitlines(keepends=True)))


def states(found: list[Event]) -> list[str]:
    return [event.data["state"] for event in found if event.kind == "state"]


def test_every_state_is_told_and_the_final_one_is_last(deployed: Deployment, scan: str) -> None:
    first = told(deployed, scan)
    assert [(event.kind, event.data.get("state")) for event in first] == [("progress", None), ("state", "New")]
    deployed.drain()

    found = told(deployed, scan)
    history = scans.get(scan)["history"]
    assert states(found) == [step["state"] for step in history]
    assert (found[-1].kind, found[-1].data["state"], found[-1].data["final"]) == ("state", "Done", True)
    assert [event.data["final"] for event in found if event.kind == "state"][:-1] == [False] * (len(history) - 1)
    [progress] = [event.data for event in found if event.kind == "progress"]
    assert (progress["commits"], progress["batches"]) == (3, {"done": 1, "total": 1, "by_state": {"Done": 1}})


def test_whoever_comes_again_is_told_the_rest_and_nothing_twice(deployed: Deployment, scan: str) -> None:
    seen = told(deployed, scan)
    while deployed.queue:
        deployed.deliver(deployed.queue.pop(0))
        seen += told(deployed, scan, seen[-1].id)
        if seen[-1].data.get("final"):
            break

    assert states(seen) == [step["state"] for step in scans.get(scan)["history"]]
    assert len({event.id for event in seen}) == len(seen)
    assert {event.data["batches"]["done"] for event in seen if event.kind == "progress"} == {0, 1}
    everything = told(deployed, scan)
    for number, event in enumerate(everything[:-1]):
        assert told(deployed, scan, event.id) == everything[number + 1 :]


def test_after_the_last_event_a_client_is_told_to_stay_away(deployed: Deployment, scan: str) -> None:
    deployed.drain()
    last = told(deployed, scan)[-1].id

    answer = deployed.api.get(f"/scans/{scan}/events", headers={"Last-Event-ID": last})
    assert (answer.status_code, answer.data) == (204, b"")


@pytest.mark.parametrize("last", ["x", "99-00000000", "-1-00000000", "1-xyz", "1" * 300])
def test_an_id_that_is_not_of_this_scan_starts_from_the_beginning(deployed: Deployment, scan: str, last: str) -> None:
    assert told(deployed, scan, last) == told(deployed, scan)


def test_children_are_progress_of_their_parent(deployed: Deployment, tmp_path: Path) -> None:
    works = [Work(tmp_path / f"w{number}") for number in range(3)]
    for work in works:
        work.commit({"f": "x\n"})
    parent = deployed.api.post("/scans", json=[{"repository": str(work.path)} for work in works]).json["id"]
    deployed.drain()

    progress = next(event.data for event in told(deployed, parent) if event.kind == "progress")
    assert progress["children"] == {"done": 3, "total": 3, "by_state": {"Done": 3}}


def test_a_scan_that_is_not_there_is_a_404(deployed: Deployment) -> None:
    answer = deployed.api.get("/scans/none/events")

    assert (answer.status_code, answer.json["status"]) == (404, 404)


def test_a_quiet_stream_says_that_it_is_there(deployed: Deployment, scan: str, environment: pytest.MonkeyPatch) -> None:
    environment.setattr(events, "LONGEST_SECONDS", 30.0)
    environment.setattr(events, "HEARTBEAT_SECONDS", 0.0)
    answer = deployed.api.get(f"/scans/{scan}/events", buffered=False)
    lines = answer.iter_encoded()
    texts = [next(lines).decode() for _ in range(5)]
    answer.close()

    assert texts[0] == "retry: 500\n\n"
    assert texts[3:] == [": still there\n\n"] * 2


def test_more_watchers_than_places_are_told_what_is_new_and_come_again_later(
    deployed: Deployment, scan: str, environment: pytest.MonkeyPatch
) -> None:
    environment.setattr(events, "LONGEST_SECONDS", 30.0)
    for _ in range(8):
        events._places.acquire()
    try:
        text = deployed.api.get(f"/scans/{scan}/events").text
    finally:
        for _ in range(8):
            events._places.release()

    assert text.startswith("retry: 2000\n\n")
    assert '"state": "New"' in text


def test_a_store_that_goes_away_ends_the_stream_and_the_client_comes_again(
    deployed: Deployment, scan: str, environment: pytest.MonkeyPatch
) -> None:
    from pymongo.errors import AutoReconnect  # noqa: PLC0415 - connects

    read, calls = scans.get, []

    def fail(wanted: str) -> Scan:
        calls.append(wanted)
        if len(calls) > 1:
            raise AutoReconnect("mongodb://user:hunter2@h")
        return read(wanted)

    environment.setattr(scans, "get", fail)
    assert deployed.api.get(f"/scans/{scan}/events").text == "retry: 500\n\n: the store is away\n\n"


def test_the_data_are_json_on_one_line_whatever_a_reason_holds(deployed: Deployment, scan: str) -> None:
    document = scans.get(scan)
    document["history"][0]["reason"] = "a\nid: 7\n\nevent: x\r\n"

    [text] = [text for _, text in events.news(document, events.Position()) if "event: state" in text]
    assert text.count("\n") == 4
    assert json.loads(text.split("data: ")[1])["reason"] == "a\nid: 7\n\nevent: x\r\n"
    assert deployed
