"""A forge that refuses, breaks off, hangs or lies about some of its repositories, and one that never gets well."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.stack.faults import project, truth
from tests.stack.faults.burst import Push, Senders, plan
from tests.support.faults import Row
from tests.support.repositories import GitHttpServer, Mood, cut, damage
from tests.support.stack import Json, Running, eventually, picket_up

pytestmark = [pytest.mark.stack, pytest.mark.fault, pytest.mark.slow]

MOODS: dict[str, Callable[[], Mood]] = {
    "answers 429": lambda: Mood(status=429),
    "answers 500": lambda: Mood(status=500),
    "hangs": lambda: Mood(gate=threading.Event()),
    "cuts the pack": lambda: Mood(spoil=cut),
    "serves corrupt objects": lambda: Mood(spoil=damage),
    "never heals": lambda: Mood(status=503),
}
HEALTHY = len(MOODS)
FETCH_SECONDS = {"PICKET_FETCH_TIMEOUT_SECONDS": "2"}
FAILURES = 4
"""So many make a scan wait in the store, not in the broker's retries."""


def test_scans_wait_for_a_forge_that_fails_while_others_go_on_and_none_is_lost_once_it_heals(
    tmp_path: Path, forge: GitHttpServer
) -> None:
    planned = plan(forge, 42, repositories=HEALTHY + 1)
    row = Row("forge: 429, 500, hanging, cut pack, corrupt object; one that never heals")
    moods = {f"o/r{number}": make() for number, make in enumerate(MOODS.values())}
    forge.moods |= moods
    *healing, never = moods
    copy = project.copy(tmp_path / "project", project.FORGETFUL)
    try:
        with picket_up(tmp_path / "data", "--project", str(copy), environment=FETCH_SECONDS) as stack:
            source = stack.post("/webhooks", {"sender": "github", "name": "t"})
            truth.record(stack)
            Senders(stack, source, row).send(planned)
            of = {name: [push for push in planned if push.name == name] for name in (*moods, f"o/r{HEALTHY}")}
            well = [push.scan(source) for push in of[f"o/r{HEALTHY}"]]
            eventually(lambda: all((stack.find(f"/scans/{scan}") or {}).get("scored") for scan in well), pause=0.2)
            for name in moods:
                eventually(lambda name=name: waits(stack, source, of[name]), pause=0.2)  # type: ignore[misc]
            assert {finding["repository"].partition("/")[2] for finding in stack.all_findings()} == {f"o/r{HEALTHY}"}

            for name in healing:
                forge.moods.pop(name)
                moods[name].gate.set()
            healed = [push for push in planned if push.name != never]
            left = [push.scan(source) for push in healed]
            truth.tick_until_ended(stack, left)
            eventually(lambda: waits(stack, source, of[never]), pause=0.2)

            states = [stack.get(f"/scans/{push.scan(source)}") for push in of[never]]
            row.done.update(list(MOODS))
            truth.verify(stack, row, healed, source, truth.recorded(stack), still_open={scan["id"] for scan in states})
    finally:
        moods["o/r2"].gate.set()
    assert {scan["state"] for scan in states} <= {"Queued", "Scheduling"}  # waiting, or tried once more just now
    assert any("fetching failed" in step["reason"] for scan in states for step in scan["history"])


def waits(stack: Running, source: Json, planned: list[Push]) -> bool:
    """Tell whether one of the scans waits in the store, because the forge failed so often, and all are Queued."""
    with stack.store() as store:
        found = list(store["scans"].find({"_id": {"$in": [push.scan(source) for push in planned]}}))
    return (
        len(found) == len(planned)
        and {scan["state"] for scan in found} == {"Queued"}
        and any(scan.get("failures", 0) >= FAILURES for scan in found)
    )
