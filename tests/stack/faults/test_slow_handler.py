"""Handlers that are cancelled and called again while their first call still runs."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import suppress
from pathlib import Path

import pytest
from tests.stack.faults import project, truth
from tests.stack.faults.burst import Senders, plan
from tests.support.faults import Row
from tests.support.repositories import GitHttpServer, Mood
from tests.support.stack import Json, Running, descendants, eventually, picket_up

pytestmark = pytest.mark.stack

SOON = tuple((f"triggers/{name}.yaml", "timeout: PT5M", "timeout: PT2S") for name in ("enumerate", "scan"))
FILLER = 6_000_000
REDELIVERIES = 3
LEASE = {"PICKET_LEASE_SECONDS": "2"}


def test_handlers_that_are_called_again_while_they_run_give_one_result(tmp_path: Path, forge: GitHttpServer) -> None:
    planned = plan(forge, 12, repositories=2, filler=FILLER)
    row = Row("slow forge and stopped scanner, redelivered while they run")
    forge.moods["o/r0"] = slow = Mood(gate=threading.Event())
    copy = project.copy(tmp_path / "project", project.FORGETFUL, *SOON)
    with picket_up(tmp_path / "data", "--project", str(copy), environment=LEASE) as stack:
        source = stack.post("/sources", {"provider": "github", "name": "t"})
        truth.record(stack)
        Senders(stack, source, row).send(planned)
        cut = eventually(lambda: cut_off(stack, "enumerate") >= REDELIVERIES and cut_off(stack, "enumerate"), 60)
        row.done["calls of enumerate that were cut off"] += cut
        slow.gate.set()

        stopped = eventually(lambda: stop_a_scanner(stack), 60, 0.01)
        row.done["scanner stopped while it held a lease"] += 1
        try:
            eventually(lambda: is_taken_over(stack), 60, 0.5)
        finally:
            signal_all(stopped, signal.SIGCONT)
        mine = [push.scan(source) for push in planned]
        truth.tick_until_ended(stack, mine)
        truth.wait_until_final(stack, mine)

        truth.verify(stack, row, planned, source, truth.recorded(stack))


def cut_off(stack: Running, function: str) -> int:
    """Count the calls of a function that ended with another attempt to come."""
    triggers = {trigger["name"]: trigger for trigger in stack.get("/-/status")["triggers"]}
    return int(triggers[function]["outcomes"]["retried"])


def in_progress(stack: Running) -> list[Json]:
    """Return the batches that a scanner holds."""
    with stack.store() as store:
        return list(store["batches"].find({"state": "InProgress", "lease_until": {"$gt": 0.0}}, {"takeovers": 1}))


def stop_a_scanner(stack: Running) -> list[int]:
    """Stop the processes of a scanner in the middle of a batch; none, if there is no such moment just now."""
    if not in_progress(stack):
        return []
    scanners = next(one for one in stack.get("/-/status")["functions"] if one["name"] == "scan")["replicas"]
    busy = [replica["pid"] for replica in scanners if replica["in_flight"]]
    stopped = [pid for leader in busy for pid in (leader, *descendants(leader))]
    signal_all(stopped, signal.SIGSTOP)
    if in_progress(stack):
        return stopped
    signal_all(stopped, signal.SIGCONT)
    return []


def signal_all(pids: list[int], number: signal.Signals) -> None:
    """Send a signal to processes that may have ended."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def is_taken_over(stack: Running) -> bool:
    """Let the clock tick; tell whether somebody else has the work of the scanner that was stopped by now."""
    stack.tick()
    with stack.store() as store:
        return store["batches"].find_one({"takeovers": {"$gt": 0}}, {"_id": 1}) is not None
