"""`picket watch`: one scan, live, over broken connections."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support import secrets
from tests.support.repositories import GitHttpServer, Work
from tests.support.stack import Running, eventually, kill, picket_up

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with picket_up(tmp_path_factory.mktemp("watch") / "data") as running:
        yield running


def watching(stack: Running, scan: str, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "picket.cli", "watch", scan, "--server", stack.url, *arguments]
    environment = {**os.environ, "COLUMNS": "200"}
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_a_scan_is_followed_to_its_end_though_the_api_dies_meanwhile(stack: Running, forge: GitHttpServer) -> None:
    work = Work(forge.root / "o" / "r")
    work.commit({"a.py": f"t = '{secrets.slack_token(1)}'\n"})
    forge.hang.clear()  # the scan waits for its forge until the API was killed
    scan = stack.post("/scans", {"repository": f"{forge.url}/o/r/.git"})["id"]
    with watching(stack, scan, "--json") as process:
        assert process.stdout is not None
        events = [json.loads(process.stdout.readline())]
        while events[-1]["data"].get("state") != "Scheduling":
            events.append(json.loads(process.stdout.readline()))
        kill(stack.function("api"))
        forge.hang.set()
        events += map(json.loads, process.stdout)
        assert process.wait(60) == 0, process.stderr

    states = [event["data"]["state"] for event in events if event["event"] == "state"]
    assert states == [step["state"] for step in stack.get(f"/scans/{scan}")["history"]]
    assert states[-1] == "Done"
    assert len({event["id"] for event in events}) == len(events)


def test_a_person_sees_states_and_a_failed_scan_ends_it_with_1(stack: Running, tmp_path: Path) -> None:
    scan: dict[str, Any] = stack.post("/scans", {"repository": str(tmp_path / "none")})
    with watching(stack, scan["id"]) as process:
        out, _ = process.communicate(timeout=60)

    assert process.returncode == 1
    assert "Failed by" in out
    assert "cannot be read" in out


def test_a_scan_that_is_not_there_ends_it_with_2(stack: Running) -> None:
    with watching(stack, "none") as process:
        _, errors = process.communicate(timeout=60)

    assert process.returncode == 2
    assert "not known" in errors


def test_the_stack_ends_although_somebody_watches(tmp_path: Path, forge: GitHttpServer) -> None:
    Work(forge.root / "o" / "r").commit({"a.py": "x\n"})
    forge.hang.clear()
    with picket_up(tmp_path / "data") as stack:
        scan = stack.post("/scans", {"repository": f"{forge.url}/o/r/.git"})["id"]
        with watching(stack, scan, "--json") as process:
            assert process.stdout is not None
            assert json.loads(process.stdout.readline())
            eventually(lambda: stack.function("enumerate"))
            stack.process.send_signal(signal.SIGTERM)
            assert stack.process.wait(30) == 0
            process.kill()
    forge.hang.set()
