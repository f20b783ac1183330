"""A program that is not trusted: what it may take, and that nothing of it is left."""

import os
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from picket.tools.adapter import sandbox
from picket.tools.adapter.sandbox import Limits, Ran

MEBIBYTE = 1024**2


def run(tmp_path: Path, program: str, **limits: float) -> Ran:
    """Run a Python program within limits; what it writes is in `out` and `err`."""
    bounds = {"seconds": 60, "memory": 512 * MEBIBYTE, "room": 4 * MEBIBYTE, **limits}
    folder = tmp_path / "output"
    folder.mkdir(exist_ok=True)
    return sandbox.run(
        [sys.executable, "-c", program],
        environment={"PATH": os.defpath},
        folder=tmp_path,
        output=folder / "out",
        errors=folder / "err",
        limits=Limits(bounds["seconds"], int(bounds["memory"]), int(bounds["room"]), (folder,)),
    )


def is_there(pid: int) -> bool:
    """Return whether a process runs."""
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False


def test_its_output_and_status_are_told(tmp_path: Path) -> None:
    ran = run(tmp_path, "import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)")
    assert (ran.status, ran.stopped) == (3, "")
    assert (tmp_path / "output" / "out").read_text() == "out\n"
    assert (tmp_path / "output" / "err").read_text() == "err\n"


def test_it_has_no_input_and_only_the_environment_that_it_is_given(tmp_path: Path) -> None:
    ran = run(tmp_path, "import os, sys; print(sorted(os.environ), sys.stdin.read())")
    assert ran.status == 0
    shown = (tmp_path / "output" / "out").read_text()
    assert "PATH" in shown
    assert "HOME" not in shown


@pytest.mark.parametrize(
    ("program", "limits", "stopped"),
    [
        ("import time; time.sleep(600)", {"seconds": 0.5}, "it took longer than 0.5 seconds"),
        ("x = bytearray(200 << 20)\nimport time; time.sleep(600)", {"memory": 100 * MEBIBYTE}, "bytes of memory"),
        ("while True: print('x' * 100_000)", {"room": MEBIBYTE}, "it wrote more than"),
    ],
)
def test_what_takes_too_much_is_stopped(tmp_path: Path, program: str, limits: dict[str, float], stopped: str) -> None:
    ran = run(tmp_path, program, **limits)
    assert stopped in ran.stopped
    assert ran.status < 0


def test_children_count_and_end_with_it(tmp_path: Path) -> None:
    program = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'x = bytearray(200 << 20); import time; time.sleep(600)'])\n"
        "print(child.pid, flush=True); time.sleep(600)"
    )
    ran = run(tmp_path, program, memory=100 * MEBIBYTE)
    assert "bytes of memory" in ran.stopped
    assert not is_there(int((tmp_path / "output" / "out").read_text()))


def test_a_child_that_outlives_its_parent_is_ended(tmp_path: Path) -> None:
    program = (
        "import os, time\n"
        "if os.fork() == 0:\n"
        "    if os.fork() == 0:\n"
        "        print(os.getpid(), flush=True); time.sleep(600)\n"
        "    os._exit(0)\n"
        "time.sleep(1)"
    )
    ran = run(tmp_path, program)
    assert (ran.status, ran.stopped) == (0, "")
    pid = int((tmp_path / "output" / "out").read_text())
    for _ in range(100):
        if not is_there(pid):
            break
        time.sleep(0.05)
    assert not is_there(pid)


def test_what_cannot_be_started_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        sandbox.run(
            [str(tmp_path / "nothing")],
            environment={},
            folder=tmp_path,
            output=tmp_path / "out",
            errors=tmp_path / "err",
            limits=Limits(1, MEBIBYTE, MEBIBYTE, ()),
        )
