"""What clocks that jump by an hour, forwards and backwards, leave in the store while work is under way."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.stack.faults import project, truth
from tests.stack.faults.burst import Senders, plan
from tests.support.faults import Row
from tests.support.repositories import GitHttpServer
from tests.support.stack import Running, picket_up

pytestmark = [pytest.mark.stack, pytest.mark.fault, pytest.mark.slow]

HOUR = 3_600
JUMPS = (HOUR, -HOUR, 0, -HOUR, HOUR, 0)
JUMP_EVERY = 1.0


def test_leases_and_times_that_a_jumped_clock_left_in_the_store_hold_nothing_up(
    tmp_path: Path, forge: GitHttpServer
) -> None:
    copy = project.copy(tmp_path / "project", project.FORGETFUL)
    run(tmp_path, forge, copy, Row("leases and times in the store are 1 h off"), shifting)


def run(
    tmp_path: Path, forge: GitHttpServer, copy: Path, row: Row, jumping: Callable[[Running], Callable[[int], None]]
) -> None:
    """Push while the clock jumps and ticks; then see that everything ends well once it is right again."""
    planned = plan(forge, 60, repositories=4)
    with picket_up(tmp_path / "data", "--project", str(copy), environment={"PICKET_LEASE_SECONDS": "3"}) as stack:
        source = stack.post("/webhooks", {"sender": "github", "name": "t"})
        truth.record(stack)
        senders = Senders(stack, source, row)
        jump = jumping(stack)
        sending = threading.Thread(target=senders.send, args=(planned,))
        sending.start()
        for seconds in JUMPS:
            jump(seconds)
            row.done["jumps"] += 1
            stack.tick()
            time.sleep(JUMP_EVERY)
        sending.join()
        mine = [push.scan(source) for push in planned]
        truth.tick_until_ended(stack, mine)
        truth.wait_until_final(stack, mine)

        truth.verify(stack, row, planned, source, truth.recorded(stack))


def shifting(stack: Running) -> Callable[[int], None]:
    """Return what leaves leases and times in the store as a clock that is off would have."""

    def jump(seconds: int) -> None:
        if not seconds:
            return
        with stack.store() as store:
            for name in ("scans", "batches"):
                for held in store[name].find({"lease_until": {"$gt": 0.0}}, {"lease_until": 1}):
                    until = held["lease_until"]
                    which = {"_id": held["_id"], "lease_until": until}
                    store[name].update_one(which, {"$set": {"lease_until": until + seconds}})
            at = time.strftime("at %Y-%m-%dT%H:%M:%S.000000Z", time.gmtime(time.time() + seconds + 600))
            for open_scan in store["scans"].find({"due": {"$gt": ""}}, {"_id": 1}):
                which = {"_id": open_scan["_id"], "due": {"$gt": ""}}
                store["scans"].update_one(which, {"$set": {"due": at}})

    return jump
