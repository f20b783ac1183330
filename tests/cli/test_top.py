"""`picket top`: how a running stack stands."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support import secrets
from tests.support.repositories import Work
from tests.support.stack import Running, eventually, picket_up

from picket.cli.top import _scans, rated

OUTCOMES = {"done": 0, "retried": 0, "dead_lettered": 0, "lost": 0}


def status(at: float, done: int, cpu: dict[int, float]) -> dict[str, Any]:
    replicas = [{"pid": pid, "cpu_seconds": seconds} for pid, seconds in cpu.items()]
    return {
        "at": at,
        "functions": [{"name": "scan", "replicas": replicas}],
        "triggers": [{"name": "scan", "outcomes": {**OUTCOMES, "done": done}}],
        "servers": [{"name": "store", "pid": 0}],
    }


@pytest.mark.parametrize(
    ("before", "now", "per_second", "percent"),
    [
        pytest.param(status(10, 5, {1: 1.0}), status(12, 25, {1: 2.0}), 10, {1: 50}, id="two seconds of work"),
        pytest.param(status(10, 5, {1: 9.0}), status(12, 5, {2: 0.5}), 0, {2: 25}, id="another process"),
        pytest.param(status(10, 5, {1: 9.0}), status(12, 1, {1: 0.1}), 0, {1: 0}, id="a stack started anew"),
        pytest.param(status(10, 5, {}), status(10, 5, {}), 0, {}, id="no time has passed"),
    ],
)
def test_rates_are_what_was_done_a_second_between_two_looks(
    before: dict[str, Any], now: dict[str, Any], per_second: float, percent: dict[int, float]
) -> None:
    found = rated(before, now)

    assert (found["per_second"], found["triggers"][0]["per_second"]) == (per_second, per_second)
    assert {one["pid"]: one["cpu_percent"] for one in found["functions"][0]["replicas"]} == percent


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("top") / "data"


@pytest.fixture(scope="module")
def stack(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A stack that has scanned a repository."""
    work = Work(tmp_path_factory.mktemp("work") / "r")
    work.commit({"a.py": f"t = '{secrets.slack_token(1)}'\n"})
    with picket_up(folder) as running:
        scan = running.post("/scans", {"repository": str(work.path)})
        eventually(lambda: running.get(f"/scans/{scan['id']}")["scored"])
        yield running


def picket_top(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "picket.cli", "top", "--every", "0.2", *arguments]
    environment = {name: value for name, value in os.environ.items() if name != "PICKET_URL"} | {"COLUMNS": "200"}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.stack
def test_one_look_as_json_tells_functions_queues_and_scans(stack: Running, folder: Path) -> None:
    done = picket_top("--once", "--json", "--data-dir", str(folder))

    assert (done.returncode, done.stderr) == (0, "")
    look = json.loads(done.stdout)
    functions = {one["name"]: one for one in look["functions"]}
    assert functions["scan"]["starts"] == 1
    assert [one["pid"] for one in functions["scan"]["replicas"]] == stack.function("scan")[:1]
    done_by = {one["name"]: one["outcomes"]["done"] for one in look["triggers"]}
    assert (done_by["scan"], done_by["scan-full"]) == (0, 1)
    assert (look["url"], look["scans"]) == (stack.url, [])
    assert {one["name"] for one in look["servers"]} == {"stack", "nats-server", "store"}


@pytest.mark.stack
def test_one_look_for_a_person_is_found_by_the_servers_address(stack: Running) -> None:
    done = picket_top("--once", "--server", stack.url)

    assert (done.returncode, done.stderr) == (0, "")
    assert {"enumerate", "scan", "nats-server", "store"} <= {
        line.split()[0] for line in done.stdout.splitlines() if line
    }
    assert "open scans: 0" in done.stdout


@pytest.mark.parametrize(
    ("count", "more", "lines"),
    [
        (3, False, ["open scans: 3"]),
        (12, False, ["open scans: 12", "and 2 more"]),
        (200, True, ["open scans: at least 200", "and at least 190 more"]),
    ],
)
def test_how_many_scans_are_open_is_said_as_far_as_is_known(*, count: int, more: bool, lines: list[str]) -> None:
    scan = {"id": "s", "state": "New", "kind": "full", "repository": "r"}

    text = "\n".join(_scans([scan] * count, more=more))

    assert all(line in text for line in lines)


def test_where_no_stack_answers_the_command_ends_with_2_and_says_so() -> None:
    done = picket_top("--once", "--server", "http://127.0.0.1:1")

    assert (done.returncode, done.stdout) == (2, "")
    assert "no stack answers" in done.stderr
