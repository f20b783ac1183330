"""A burst of pushes while everything there is gets killed: functions, broker, activator, nats-server, the store."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import pytest
from tests.stack.faults import project, truth
from tests.stack.faults.burst import Push, Senders, plan
from tests.support.deployment import ON_A_PUSH
from tests.support.faults import Row
from tests.support.repositories import GitHttpServer
from tests.support.stack import Running, eventually, kill, picket_up

pytestmark = [pytest.mark.stack, pytest.mark.fault, pytest.mark.slow]


@pytest.mark.parametrize(
    ("profile", "count"), [pytest.param("natss", 1_000, id="natss"), pytest.param("spec", 150, id="spec")]
)
def test_a_burst_ends_whole_while_functions_broker_and_store_are_killed(
    tmp_path: Path, forge: GitHttpServer, profile: str, count: int
) -> None:
    planned = plan(forge, count, repositories=6)
    row = Row(f"kill -9 of everything, {profile}")
    copy = project.copy(tmp_path / "project", project.FORGETFUL)
    with picket_up(tmp_path / "data", "--project", str(copy), "--profile", profile) as stack:
        source = stack.post("/webhooks", {"sender": "github", "name": "t"})
        truth.record(stack)
        senders = Senders(stack, source, row)
        chaos = Chaos(stack, row)
        chaos.start()
        senders.send(chaos.spread(planned))
        chaos.finish()
        truth.wait_until_final(stack, [push.scan(source) for push in planned])
        senders.send(planned[::10], landed=True)
        eventually(lambda: truth.is_at_rest(stack), pause=0.2)

        truth.verify(stack, row, planned, source, truth.recorded(stack))


class Chaos(threading.Thread):
    """Kills one thing after another at moments that nobody chose, while pushes come in."""

    def __init__(self, stack: Running, row: Row) -> None:
        super().__init__()
        self._stack = stack
        self._row = row
        self._turns = 0
        self._error: BaseException | None = None
        self._all_sent = threading.Event()
        self._dice = random.Random()
        self._deeds: deque[tuple[str, Callable[[], bool]]] = deque(
            (
                *((f"{name} killed", partial(self._kill_function, name)) for name in (*ON_A_PUSH, *ON_A_PUSH)),
                *[("nats-server killed", partial(self._kill, "nats-server"))] * 2,
                *[("store killed", partial(self._kill, "nx-27017"))] * 3,
                *[("broker and activator killed", self._kill_broker)] * 2,
                ("store stopped for 5 s", self._stop_store),
            )
        )
        self._dice.shuffle(self._deeds)
        self._planned = len(self._deeds)

    def spread(self, planned: Sequence[Push]) -> Iterator[Push]:
        """Give the pushes so that some are on their way at every turn, and some are left for the next one."""
        each = len(planned) / self._planned
        for index, push in enumerate(planned):
            eventually(lambda index=index: index < each * (self._turns + 1) or not self.is_alive())  # type: ignore[misc]
            yield push

    def finish(self) -> None:
        """Wait until all that is to be killed was, but for functions that nothing needs any more: all pushes are in."""
        self._all_sent.set()
        self.join()
        if self._error is not None:
            raise self._error

    def run(self) -> None:
        try:
            while self._deeds:
                time.sleep(self._dice.uniform(0.2, 1.0))
                name, deed = self._deeds.popleft()
                if deed():
                    self._row.done[name] += 1
                elif not self._all_sent.is_set():
                    self._deeds.append((name, deed))
                self._turns += 1
        except BaseException as error:  # noqa: BLE001 - raised again in `finish`
            self._error = error

    def _kill_function(self, name: str) -> bool:
        """Kill a function; not now, if nothing has needed it lately."""
        if name == "api":  # nothing else needs it just now
            self._stack.http.request("GET", f"{self._stack.url}/openapi.json", retries=5)
        found = self._stack.function(name)
        kill(found)
        return bool(found)

    def _kill(self, word: str) -> bool:
        kill(eventually(lambda: self._stack.processes(word), 30))
        return True

    def _kill_broker(self) -> bool:
        self._stack.kill_and_restart()
        return True

    def _stop_store(self) -> bool:
        [store] = eventually(lambda: self._stack.processes("nx-27017"))
        os.kill(store, signal.SIGSTOP)
        time.sleep(5)
        os.kill(store, signal.SIGCONT)
        return True
