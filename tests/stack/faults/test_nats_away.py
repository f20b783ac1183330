"""nats-server killed, away for 20 seconds, and back: for longer than any answer is waited for."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Self

import pytest
from tests.stack.faults import project, truth
from tests.stack.faults.burst import Senders, plan
from tests.support.faults import Row
from tests.support.repositories import GitHttpServer
from tests.support.stack import eventually, picket_up
from tests.support.stores import free_port

pytestmark = [pytest.mark.stack, pytest.mark.fault, pytest.mark.slow]

AWAY_SECONDS = 20.0


def test_what_was_accepted_before_nats_went_away_for_20_seconds_is_done_when_it_is_back(
    tmp_path: Path, forge: GitHttpServer
) -> None:
    planned = plan(forge, 60, repositories=3)
    row = Row("nats-server away for 20 s")
    copy = project.copy(tmp_path / "project", project.FORGETFUL)
    with Nats(tmp_path / "nats") as server:
        arguments = "--project", str(copy), "--nats-url", server.url
        with picket_up(tmp_path / "data", *arguments) as stack:
            source = stack.post("/webhooks", {"sender": "github", "name": "t"})
            truth.record(stack)
            senders = Senders(stack, source, row)
            senders.send(planned[:30])
            server.kill()
            away = time.monotonic()
            others = threading.Thread(target=senders.send, args=(planned[30:],))
            others.start()
            time.sleep(AWAY_SECONDS)
            refused, accepted = row.sent, row.accepted
            server.start()
            row.done[f"nats-server killed, back after {time.monotonic() - away:.0f} s"] += 1
            others.join()
            truth.wait_until_final(stack, [push.scan(source) for push in planned])

            truth.verify(stack, row, planned, source, truth.recorded(stack))
    assert (accepted, refused > 30) == (30, True)


class Nats:
    """A nats-server of the test's own, on a port that it keeps."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"nats://127.0.0.1:{self._port}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        """Start it, and wait until it listens."""
        program = shutil.which("nats-server") or str(Path(sys.executable).with_name("nats-server"))
        command = [program, "-js", "-sd", str(self._folder), "-a", "127.0.0.1", "-p", str(self._port)]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        eventually(self._listens)

    def kill(self) -> None:
        """Kill it, with no time to write anything more."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self._port)) == 0
