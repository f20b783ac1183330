"""Events that come again: all of a run, twice over, shuffled; and while the first delivery is still being handled."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.stack.faults import project, truth
from tests.stack.faults.burst import Senders, plan
from tests.support.faults import Row
from tests.support.repositories import GitHttpServer
from tests.support.stack import Json, Running, eventually, picket_up

from picket.events.cloudevent import CloudEvent

pytestmark = [pytest.mark.stack, pytest.mark.fault, pytest.mark.slow]

AGAIN = "again-"
FIXED = {
    "scans": {"_id": 1, "state": 1, "revision": 1, "history": 1, "commits": 1},
    "batches": {"_id": 1, "state": 1, "revision": 1, "history": 1, "findings": 1},
    "findings": {"_id": 1, "state": 1, "revision": 1, "severity": 1, "first": 1},
    "occurrences": {"_id": 1},
    "commits": {"_id": 1},
    "scores": {"_id": 1, "score": 1},
}
"""What an event that comes again must leave as it is."""


def test_every_event_of_a_run_posted_again_twice_and_shuffled_changes_nothing(
    tmp_path: Path, forge: GitHttpServer
) -> None:
    planned = plan(forge, 40, repositories=3)
    row = Row("every event again, twice, shuffled, with old and with new ids")
    copy = project.copy(tmp_path / "project", project.FORGETFUL)
    with picket_up(tmp_path / "data", "--project", str(copy)) as stack:
        source = stack.post("/webhooks", {"sender": "github", "name": "t"})
        truth.record(stack)
        Senders(stack, source, row).send(planned)
        truth.wait_until_final(stack, [push.scan(source) for push in planned])
        events = truth.recorded(stack)
        before = contents(stack)

        for event in again(events):
            assert stack.send_event(dict(event.headers()), event.data) == 202
            row.done["events posted again"] += 1
        eventually(lambda: truth.is_at_rest(stack) and nothing_runs(stack), pause=0.2)
        after = contents(stack)
        repeated = truth.recorded(stack)

        own = [event for event in repeated if not event.attributes["id"].startswith(AGAIN)]
        truth.verify(stack, row, planned, source, [*events, *own])
    more = {name: {key: after[name][key] for key in after[name].keys() - before[name].keys()} for name in FIXED}
    assert {name: {key: after[name].get(key) for key in before[name]} for name in FIXED} == before
    assert {name for name, found in more.items() if found} <= {"scans"}
    assert len(more["scans"]) <= len(planned)
    assert {(scan["state"], scan["commits"]) for scan in more["scans"].values()} <= {("Done", 0)}


def again(events: Sequence[CloudEvent]) -> list[CloudEvent]:
    """Return every event twice, once as it was and once under a new id, in any order.

    A webhook under a new id is a new delivery of the same push: it leads to the scan that there was, or, where so many
    pushes of the ref have come since that this one is not remembered, to one that finds nothing left to do.
    """
    twice = [*events, *(event.extended(id=f"{AGAIN}{event.attributes['id']}") for event in events)]
    random.Random().shuffle(twice)
    return twice


def contents(stack: Running) -> dict[str, dict[str, Json]]:
    """Return what the store holds, by collection and id."""
    with stack.store() as store:
        return {name: {str(one["_id"]): one for one in store[name].find({}, FIXED[name])} for name in FIXED}


def nothing_runs(stack: Running) -> bool:
    """Tell whether no scan is open."""
    return not stack.get("/scans")["scans"]
