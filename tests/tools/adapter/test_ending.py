"""An adapter that is told to end takes its tool with it."""

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil

from picket.tools.adapter.workplace import Order, Workplace

PROGRAM = """#!{python}
import os, pathlib, sys, time

if sys.argv[1:] != ["--version"]:
    pathlib.Path({file!r}).write_text(str(os.getpid()))
    time.sleep(60)
"""


def test_a_tool_ends_with_its_adapter(tmp_path: Path) -> None:
    place = Workplace(tmp_path / "job")
    for folder in (place.tree, place.output, place.scratch):
        folder.mkdir(parents=True)
    place.order_file.write_text(Order(tool="hadolint", asset_type="repository", asset="r").model_dump_json())
    told, program = tmp_path / "pid", tmp_path / "hadolint"
    program.write_text(PROGRAM.format(python=sys.executable, file=str(told)))
    program.chmod(0o755)
    adapter = subprocess.Popen(
        [sys.executable, "-m", "picket.tools.adapter", "run", "--work", str(place.folder)],
        env={**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"},
    )
    deadline = time.monotonic() + 30
    while not (told.exists() and told.read_text()) and time.monotonic() < deadline:
        time.sleep(0.05)
    tool = psutil.Process(int(told.read_text()))
    adapter.terminate()
    assert adapter.wait(10) != 0
    psutil.wait_procs([tool], timeout=5)
    assert not tool.is_running()
