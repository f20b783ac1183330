"""A function that fails for longer than its retries last: what became of its events is kept, said, and made good."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.stack.faults import project, truth
from tests.stack.faults.burst import Senders, plan
from tests.support.deployment import ROOT
from tests.support.faults import Row
from tests.support.repositories import GitHttpServer
from tests.support.stack import Json, Running, eventually, picket_up

pytestmark = [pytest.mark.stack, pytest.mark.fault, pytest.mark.slow]

FEW_RETRIES = ("triggers/scan.yaml", "retry: 8", "retry: 1")
BAD_RELEASE = """
import importlib.util
from pathlib import Path

found = importlib.util.spec_from_file_location("shipped", {shipped!r})
shipped = importlib.util.module_from_spec(found)
found.loader.exec_module(shipped)


def main(request):
    if request.method == "POST" and Path({broken!r}).exists():
        return "a bad release", 500
    return shipped.main(request)
"""


def test_what_a_bad_release_did_not_take_is_kept_told_and_made_good_by_a_replay(
    tmp_path: Path, forge: GitHttpServer
) -> None:
    planned = plan(forge, 24, repositories=3)
    row = Row("scan answers 500 for longer than its retries, then replay")
    broken = tmp_path / "broken"
    broken.touch()
    copy = project.copy(tmp_path / "project", project.FORGETFUL, FEW_RETRIES)
    project.release(copy, "scan", BAD_RELEASE.format(shipped=str(ROOT / "functions/scan/main.py"), broken=str(broken)))
    with picket_up(tmp_path / "data", "--project", str(copy)) as stack:
        source = stack.post("/webhooks", {"sender": "github", "name": "t"})
        truth.record(stack)
        Senders(stack, source, row).send(planned)
        mine = [push.scan(source) for push in planned]
        truth.wait_until_final(stack, mine)
        states = {stack.get(f"/scans/{scan}")["state"] for scan in mine}
        letters = letters_of(stack)
        assert (states, stack.all_findings()) == ({"Failed"}, [])
        assert len(letters) >= 3

        broken.unlink()
        picket(stack, "dead-letters", "replay", "--all", "--yes")
        row.done["letters replayed"] += len(letters)
        eventually(lambda: len(stack.all_findings()) == len(planned), pause=0.2)
        picket(stack, "dead-letters", "replay", "--all", "--yes")
        eventually(lambda: truth.is_at_rest(stack) and stack.get("/scans")["scans"] == [], pause=0.2)

        assert letters_of(stack) == []
        with stack.store() as store:
            anew = [scan["state"] for scan in store["scans"].find({}) if scan["_id"] not in mine]
        row.done["scans asked for by them, Done"] += anew.count("Done")
        truth.verify(stack, row, planned, source, truth.recorded(stack))
    assert anew == ["Done"] * len(letters)
    assert row.states == {"Failed": len(planned)}


def letters_of(stack: Running) -> list[Json]:
    """Return the letters that wait for somebody."""
    return list(stack.get("/dead-letters?limit=200")["letters"])


def picket(stack: Running, *arguments: str) -> Json:
    """Run a command against the stack."""
    command = [sys.executable, "-m", "picket.cli", *arguments, "--server", stack.url, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "PICKET_URL": ""})
    assert done.returncode == 0, (done.stdout, done.stderr)
    return dict(json.loads(done.stdout)) if done.stdout.strip().startswith("{") else {}
