"""A scan that has nothing new to look at says again what it said, and never anything stale."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support import secrets
from tests.support.repositories import Work

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(cache: Path, tmp_path: Path, work: Work) -> Run:
    """Run the command as a shell does, and say whether it was a replay: those import no detection."""

    def run_it(*arguments: object, cwd: Path = work.path) -> tuple[int, str, str]:
        environment = {
            **os.environ,
            "XDG_CACHE_HOME": str(tmp_path / "cache"),
            "XDG_CONFIG_HOME": str(tmp_path / "config"),
        }
        environment.pop("PICKET_HASH_KEY", None)
        command = [sys.executable, "-X", "importtime", "-m", "picket.cli", "scan", *map(str, arguments)]
        done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
        said = "".join(line for line in done.stderr.splitlines(keepends=True) if not line.startswith("import time:"))
        return done.returncode, done.stdout, said if "picket.detection" in done.stderr else f"replayed {said}"

    kept = tmp_path / "cache" / "picket"
    kept.mkdir(parents=True)
    (kept / "rulesets").symlink_to(cache / "picket" / "rulesets")
    (cache / "picket" / "rulesets").mkdir(parents=True, exist_ok=True)
    return run_it


def line(seed: int) -> str:
    return f"token = '{secrets.slack_token(seed)}'\n"


def test_the_same_command_says_the_same_without_looking_again(run: Run, work: Work) -> None:
    work.commit({"a.py": line(1)})
    first, again = run("--format", "json", "--exit-code", 3), run("--format", "json", "--exit-code", 3)
    assert first[:2] == again[:2]
    assert first[0] == 3
    assert again[2].startswith("replayed picket: 1 leaked credential in 1 commits")
    assert "\0" not in again[2]
    assert not run("--exit-code", 3)[2].startswith("replayed")
    assert not run("--fresh")[2].startswith("replayed")
    assert not run("--fresh")[2].startswith("replayed")


def test_whatever_it_rests_on_makes_it_look_again_when_it_changes(run: Run, work: Work, tmp_path: Path) -> None:
    work.commit({"a.py": line(1)})
    changes: dict[str, Callable[[], object]] = {
        "a commit": lambda: work.commit({"b.py": line(2)}),
        "a branch": lambda: work.git("branch", "other", "HEAD~1"),
        "a branch gone": lambda: work.git("branch", "-D", "other"),
        "another HEAD": lambda: work.git("checkout", "-q", "--detach"),
        "a work tree's HEAD": lambda: work.git("worktree", "add", "-q", "--detach", str(tmp_path / "tree")),
        "an ignore file": lambda: (work.path / ".gitleaksignore").write_text("a.py:nothing:1\n"),
        "a baseline": lambda: run("--write-baseline", ".picketignore"),
        "the key": lambda: (tmp_path / "config" / "picket" / "hash-key").write_text("other"),
        "a team's rules": lambda: (work.path / ".gitleaks.toml").write_text("[extend]\nuseDefault = true\n"),
    }
    for what, change in changes.items():
        run()
        assert run()[2].startswith("replayed"), what
        change()
        assert not run()[2].startswith("replayed"), what


def test_a_command_of_the_same_name_elsewhere_is_another(run: Run, work: Work, tmp_path: Path) -> None:
    work.commit({"a.py": line(1)})
    other = Work(tmp_path / "other")
    other.commit({"clean.py": "1\n"})
    assert [run()[0], run(cwd=other.path)[0], run()[0], run(cwd=other.path)[0]] == [1, 0, 1, 0]


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", "not JSON"])
def test_what_is_damaged_is_done_again(run: Run, work: Work, tmp_path: Path, text: str) -> None:
    work.commit({"a.py": line(1)})
    run()
    [kept] = (tmp_path / "cache" / "picket" / "replays").iterdir()
    kept.write_text(text)
    status, _, said = run()
    assert (status, said.startswith("replayed")) == (1, False)


def test_a_repository_that_is_gone_is_an_error(run: Run, work: Work) -> None:
    work.commit({"a.py": line(1)})
    run(work.path, cwd=Path("/"))
    work.path.rename(work.path.with_name("moved"))
    assert run(work.path, cwd=Path("/"))[0] == 2
