"""What is given to forges' own CI is run as they would: it fails by what is new, and by nothing else."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.support import secrets
from tests.support.repositories import Work

from picket.forges import FORGES

ABLE = sorted(name for name, forge in FORGES.items() if forge.pipeline)
ZERO = "0" * 40
VARIABLES = {
    "gitlab": ("CI_MERGE_REQUEST_DIFF_BASE_SHA", "CI_COMMIT_BEFORE_SHA", "CI_COMMIT_SHA"),
    "bitbucket": ("BITBUCKET_PR_DESTINATION_COMMIT", "", "BITBUCKET_COMMIT"),
    "azure": ("", "", "BUILD_SOURCEVERSION"),
    "codecommit": ("", "CODEBUILD_WEBHOOK_PREV_COMMIT", "CODEBUILD_RESOLVED_SOURCE_VERSION"),
}
"""What tells the target of a pull request, the commit before a push, and the commit; others are given BASE and HEAD."""


def printed(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "picket.cli", "ci", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def scripts(node: Any) -> Iterator[str]:
    """Give every shell script in a file for CI."""
    if isinstance(node, dict):
        for name, value in node.items():
            if name in {"run", "script", "commands"} and isinstance(value, str):
                yield value
            else:
                yield from scripts(value)
    elif isinstance(node, list):
        for value in node:
            if isinstance(value, str):
                yield value
            else:
                yield from scripts(value)


def run(forge: str, work: Work, base: str, head: str, *, proposed: bool, **more: str) -> int:
    """Run the script that scans, as the forge's CI does; its status."""
    document = yaml.safe_load(printed(forge).stdout)
    script = next(each for each in scripts(document) if "picket scan" in each)
    target, before, commit = VARIABLES.get(forge, ("BASE", "BASE", "HEAD"))
    told = {target if proposed else before: base, commit: head, **more}
    if forge == "azure" and proposed:
        told["SYSTEM_PULLREQUEST_PULLREQUESTID"] = "1"
    program = work.path.parent / "bin" / "picket"
    program.parent.mkdir(exist_ok=True)
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m picket.cli "$@"\n')
    program.chmod(0o755)
    environment = {"PATH": f"{program.parent}:{os.environ['PATH']}", "HOME": str(work.path.parent)}
    environment |= {"PYTHONPATH": os.environ.get("PYTHONPATH", ""), **{name: told[name] for name in told if name}}
    done = subprocess.run(
        ["bash", "-e", "-c", script], cwd=work.path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode in {0, 1}, done.stderr
    return done.returncode


@pytest.fixture
def work(tmp_path: Path) -> Work:
    made = Work(tmp_path / "work")
    made.commit({"old.py": f"t = '{secrets.slack_token(1)}'\n"})
    made.git("checkout", "--quiet", "-b", "feature")
    return made


def proposal(work: Work, forge: str) -> tuple[str, str]:
    """Return target and head of what is checked out; Azure builds its merge."""
    target = work.git("rev-parse", "main")
    if forge == "azure":
        work.git("checkout", "--quiet", "--detach", "main")
        work.git("merge", "--quiet", "--no-ff", "-m", "merge", "feature")
    return target, work.head()


@pytest.mark.parametrize("forge", [name for name in ABLE if name != "codecommit"])
def test_a_pull_request_fails_by_what_it_brings(forge: str, work: Work) -> None:
    work.commit({"a.py": "x = 1\n"})
    assert run(forge, work, *proposal(work, forge), proposed=True) == 0
    work.git("checkout", "--quiet", "feature")
    work.commit({"b.py": f"t = '{secrets.slack_token(2)}'\n"})
    assert run(forge, work, *proposal(work, forge), proposed=True) == 1


@pytest.mark.parametrize("forge", ABLE)
def test_a_push_fails_by_what_it_brings_or_by_all_of_its_branch(forge: str, work: Work) -> None:
    before = work.head()
    after = work.commit({"a.py": "x = 1\n"})

    knows = forge not in {"azure", "bitbucket"}
    assert run(forge, work, before, after, proposed=False) == (0 if knows else 1)
    assert run(forge, work, ZERO, after, proposed=False) == 1
    baseline = work.path.parent / "baseline.json"
    subprocess.run(
        [sys.executable, "-m", "picket.cli", "scan", str(work.path), "--write-baseline", str(baseline)], check=True
    )
    assert run(forge, work, ZERO, after, proposed=False, PICKET_BASELINE=str(baseline)) == 0


@pytest.mark.parametrize("forge", ABLE)
def test_it_is_yaml_and_takes_no_text_of_a_payload_into_a_script(forge: str) -> None:
    done = printed(forge)

    assert done.returncode == 0
    assert yaml.safe_load(done.stdout)
    assert printed(forge, "--path").stdout.strip() == FORGES[forge].pipeline
    for script in scripts(yaml.safe_load(done.stdout)):
        assert not re.search(r"\$\{\{|\$\(PICKET", script), script


def test_a_forge_that_has_none_is_refused_with_those_that_do() -> None:
    done = printed("cvs")

    assert done.returncode == 2
    assert "gitlab" in done.stderr
