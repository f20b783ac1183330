"""Handlers that are cancelled and called again while their first call still runs."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import suppress
from pathlib import Path
from string import Template

import pytest
from tests.stack.faults import project, truth
from tests.stack.faults.burst import Senders, plan
from tests.support.deployment import ROOT
from tests.support.faults import Row
from tests.support.repositories import GitHttpServer, Mood
from tests.support.stack import Running, descendants, eventually, picket_up

pytestmark = [pytest.mark.stack, pytest.mark.fault, pytest.mark.slow]

SOON = tuple((f"triggers/{name}.yaml", "timeout: PT5M", "timeout: PT2S") for name in ("enumerate", "scan"))
REDELIVERIES = 3
LEASE = {"PICKET_LEASE_SECONDS": "2"}
GATE = Template(
    """
import os
import pathlib
import time

from picket.effects.mongo import leases

GATE = pathlib.Path($folder)
_while_held = leases.Lease.while_held


def while_held(lease, items):
    try:
        (GATE / "held").touch(exist_ok=False)
    except FileExistsError:
        pass
    else:
        (GATE / "pid").write_text(str(os.getpid()))
        (GATE / "pid").rename(GATE / "stopped here")
        while not (GATE / "open").exists():
            time.sleep(0.05)
    return _while_held(lease, items)


leases.Lease.while_held = while_held
"""
)
"""Put before the scanner's own code: the first call that has a lease waits with it until the test opens the gate."""


def test_handlers_that_are_called_again_while_they_run_give_one_result(tmp_path: Path, forge: GitHttpServer) -> None:
    planned = plan(forge, 12, repositories=2)
    row = Row("slow forge and stopped scanner, redelivered while they run")
    forge.moods["o/r0"] = slow = Mood(gate=threading.Event())
    copy = project.copy(tmp_path / "project", project.FORGETFUL, *SOON)
    gate = tmp_path / "gate"
    gate.mkdir()
    project.release(copy, "scan", gated(gate))
    with picket_up(tmp_path / "data", "--project", str(copy), environment=LEASE) as stack:
        source = stack.post("/webhooks", {"sender": "github", "name": "t"})
        truth.record(stack)
        Senders(stack, source, row).send(planned)
        cut = eventually(lambda: cut_off(stack, "enumerate") >= REDELIVERIES and cut_off(stack, "enumerate"))
        row.done["calls of enumerate that were cut off"] += cut
        slow.gate.set()

        eventually((gate / "stopped here").exists)
        stopped = replica_of(stack, int((gate / "stopped here").read_text()))
        signal_all(stopped, signal.SIGSTOP)
        row.done["scanner stopped while it held a lease"] += 1
        try:
            eventually(lambda: is_taken_over(stack), pause=0.5)
        finally:
            (gate / "open").touch()
            signal_all(stopped, signal.SIGCONT)
        mine = [push.scan(source) for push in planned]
        truth.tick_until_ended(stack, mine)
        truth.wait_until_final(stack, mine)

        truth.verify(stack, row, planned, source, truth.recorded(stack))


def gated(folder: Path) -> str:
    """Return the scanner's code, with a gate in *folder* before its first look at a blob."""
    own = (ROOT / "functions" / "scan" / "main.py").read_text()
    return GATE.substitute(folder=repr(str(folder))) + own


def cut_off(stack: Running, function: str) -> int:
    """Count the calls of a function that ended with another attempt to come."""
    triggers = {trigger["name"]: trigger for trigger in stack.get("/-/status")["triggers"]}
    return int(triggers[function]["outcomes"]["retried"])


def replica_of(stack: Running, pid: int) -> list[int]:
    """Return all processes of the scanner that *pid* belongs to."""
    scanners = next(one for one in stack.get("/-/status")["functions"] if one["name"] == "scan")["replicas"]
    families = [[replica["pid"], *descendants(replica["pid"])] for replica in scanners]
    return next(family for family in families if pid in family)


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
