"""Two stacks of one project on one machine, each with a folder of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.stack.faults import truth
from tests.stack.faults.burst import Senders, plan
from tests.support.faults import Row
from tests.support.repositories import GitHttpServer
from tests.support.stack import picket_up

pytestmark = [pytest.mark.stack, pytest.mark.fault, pytest.mark.slow]


def test_two_stacks_find_each_its_own_while_one_of_them_is_killed_and_restarted(
    tmp_path: Path, forge: GitHttpServer
) -> None:
    plans = plan(forge, 20, repositories=2), plan(forge, 20, repositories=2, first=2)
    rows = Row("two stacks, the one that is killed"), Row("two stacks, the other one")
    with picket_up(tmp_path / "a") as killed, picket_up(tmp_path / "b") as other:
        stacks = killed, other
        sources = [stack.post("/webhooks", {"sender": "github", "name": "t"}) for stack in stacks]
        for stack in stacks:
            truth.record(stack)
        senders = [Senders(stack, source, row) for stack, source, row in zip(stacks, sources, rows, strict=True)]
        for sender, planned in zip(senders, plans, strict=True):
            sender.send(planned[:10])
        killed.kill_and_restart()
        rows[0].done["broker and activator killed"] += 1
        for sender, planned in zip(senders, plans, strict=True):
            sender.send(planned[10:])

        for stack, row, planned, source in zip(stacks, rows, plans, sources, strict=True):
            truth.wait_until_final(stack, [push.scan(source) for push in planned])
            truth.verify(stack, row, planned, source, truth.recorded(stack))
