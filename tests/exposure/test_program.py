"""The program itself, run as a tool's run is: in a repository that nobody trusts."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.support.clusters import SERVICE, WEB
from tests.support.deployment import ROOT
from tests.support.reports import arguments, parsed, running

from picket.tools.adapter.execution import find
from picket.tools.adapter.workplace import Order, Workplace

KIND = {"ingress-from-internet": "high", "ingress-without-policy": "medium", "egress-to-internet": "low"}


def ran(folder: Path, *more: str) -> Any:
    command = [find(running("exposure").program), *(more or arguments("exposure"))]
    variables = {"PATH": "/nonexistent", "PYTHONPATH": str(ROOT / "shared"), "LANG": "C.UTF-8"}
    done = subprocess.run(command, cwd=folder, env=variables, capture_output=True, check=True, timeout=60)
    return done.stdout.decode()


def test_it_is_this_python() -> None:
    assert find(running("exposure").program) == sys.executable


def test_it_writes_what_is_read_and_a_drawing(tmp_path: Path) -> None:
    (tmp_path / "web.yaml").write_text(f"{WEB}---{SERVICE}")
    document = json.loads(ran(tmp_path))
    report = parsed("exposure", document)
    assert {one.rule: one.severity for one in report.problems} == KIND
    assert report.left_out == ()
    assert document["svg"].startswith("<svg ")
    assert report.tool_version == ran(tmp_path, *running("exposure").version).strip()


def test_it_runs_as_any_tool_does(tmp_path: Path) -> None:
    place = Workplace(tmp_path)
    for folder in (place.tree, place.output, place.scratch):
        folder.mkdir()
    (place.tree / "web.yaml").write_text(WEB)
    (place.tree / "yaml.py").write_text("raise SystemExit('imported')")
    order = Order(tool="exposure", asset_type="repository", asset="a/b", files=("web.yaml",))
    place.order_file.write_text(order.model_dump_json())
    variables = {"PATH": os.defpath, "PYTHONPATH": str(ROOT / "shared")}
    command = [sys.executable, "-m", "picket.tools.adapter", "run", "--work", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, env=variables, check=True, timeout=120)

    ended = place.ended()
    assert (ended.record.status, ended.record.stopped, ended.output) == (0, "", "stdout")
    assert ended.record.version
    document = json.loads((place.output / "stdout").read_text())
    assert {one.rule for one in parsed("exposure", document).problems} == {
        "ingress-without-policy",
        "egress-to-internet",
    }


@pytest.mark.parametrize("name", ["yaml.py", "picket/__init__.py", "json.py", "sitecustomize.py"])
def test_nothing_of_the_repository_is_imported(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("raise SystemExit('imported')")
    assert json.loads(ran(tmp_path))["problems"] == []


def test_no_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(subprocess.CalledProcessError) as told:
        ran(tmp_path, "-P", "-m", "picket.exposure", "nowhere")
    assert b"there is no such folder" in told.value.stderr
