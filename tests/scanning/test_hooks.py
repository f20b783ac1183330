"""Hooks as git runs them, and what git tells them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.scanning.conftest import Picket
from tests.support import secrets
from tests.support.repositories import IDENTITY, Work

ZEROS = "0" * 40


def line(seed: int) -> str:
    return f"token = '{secrets.slack_token(seed)}'\n"


def paths(done: object) -> list[str]:
    return sorted(each["path"] for each in done.findings)  # type: ignore[attr-defined]


@pytest.fixture
def remote(work: Work, tmp_path: Path) -> Path:
    """A remote that has one commit with a secret."""
    work.commit({"old.py": line(1)})
    bare = tmp_path / "remote.git"
    work.git("clone", "-q", "--bare", str(work.path), str(bare))
    work.git("remote", "add", "origin", str(bare))
    work.git("fetch", "-q", "origin")
    return bare


@pytest.mark.usefixtures("remote")
def test_a_push_is_what_the_remote_lacks_on_every_branch(picket: Picket, work: Work) -> None:
    known = work.head()
    main = work.commit({"main.py": line(2)})
    work.git("checkout", "-q", "-b", "new")
    new = work.commit({"new.py": line(3)})
    lines = [
        f"refs/heads/main {main} refs/heads/main {known}",
        f"refs/heads/new {new} refs/heads/new {ZEROS}",
        f"(delete) {ZEROS} refs/heads/gone {known}",
    ]

    assert paths(picket(work.path, "--pre-push", stdin="\n".join(lines))) == ["main.py", "new.py"]
    assert paths(picket(work.path, "--pre-push", stdin=lines[0])) == ["main.py"]
    assert picket(work.path, "--pre-push", stdin=lines[2]).status == 0
    # A commit that the remote is said to have, and that never was here, is left out of account.
    assert paths(picket(work.path, "--pre-push", stdin=lines[0].replace(known, "5" * 40))) == ["main.py"]
    # What another remote has, this one may lack.
    work.git("update-ref", "refs/remotes/other/main", main)
    assert paths(picket(work.path, "--pre-push", "--remote=origin", stdin=lines[1])) == ["main.py", "new.py"]
    assert paths(picket(work.path, "--pre-push", "--remote=other", stdin=lines[1])) == ["new.py"]


def test_the_pre_commit_framework_is_understood(
    picket: Picket, work: Work, remote: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert remote.exists()
    work.git("checkout", "-q", "-b", "new")
    new = work.commit({"new.py": line(3)})
    monkeypatch.setenv("PRE_COMMIT", "1")
    monkeypatch.setenv("PRE_COMMIT_REMOTE_NAME", "origin")
    monkeypatch.setenv("PRE_COMMIT_LOCAL_BRANCH", "refs/heads/new")
    assert paths(picket(work.path, "--pre-push")) == ["new.py"]
    monkeypatch.setenv("PRE_COMMIT_TO_REF", new)
    assert paths(picket(work.path, "--pre-push")) == ["new.py"]


@pytest.mark.parametrize(
    ("option", "text"),
    [
        ("--pre-push", "main"),
        ("--pre-push", f"refs/heads/main HEAD refs/heads/main {ZEROS}"),
        ("--pre-push", f"refs/heads/main {ZEROS}"),
        ("--pre-push", f"refs/heads/main {'5' * 40} refs/heads/main {ZEROS}"),
        ("--pre-receive", f"{ZEROS} --all refs/heads/main"),
        ("--pre-receive", f"{ZEROS} {'5' * 40} refs/heads/main"),
    ],
)
def test_what_git_would_not_say_is_an_error(picket: Picket, work: Work, option: str, text: str) -> None:
    work.commit({"a.py": line(1)})
    done = picket(work.path, option, stdin=text)
    assert (done.status, done.out) == (2, "")


def git(work: Work, *arguments: str, check: bool = False) -> subprocess.CompletedProcess[str]:
    """Run git as a user would, hooks and all."""
    environment = {**os.environ, **IDENTITY}
    return subprocess.run(
        ["git", *arguments], cwd=work.path, env=environment, capture_output=True, text=True, check=check
    )


@pytest.fixture
def hooked(work: Work, monkeypatch: pytest.MonkeyPatch, cache: Path, tmp_path: Path) -> Work:
    """A work tree with a commit and both hooks."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    work.commit({"README": "1\n"})
    hooks("install", work.path)
    return work


def hooks(*arguments: object, status: int = 0) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "picket.cli", "hooks", *map(str, arguments)], capture_output=True, text=True, check=False
    )
    assert done.returncode == status, done.stderr
    return done.stdout + done.stderr


def test_a_commit_with_a_secret_is_stopped_and_a_clean_one_is_not(hooked: Work) -> None:
    (hooked.path / "a.py").write_text(line(1))
    git(hooked, "add", "a.py", check=True)
    stopped = git(hooked, "commit", "-m", "leak")
    assert stopped.returncode == 1
    assert "a.py:1" in stopped.stdout + stopped.stderr
    assert secrets.slack_token(1) not in stopped.stdout + stopped.stderr

    (hooked.path / "b.py").write_text("x = 1\n")
    # Only what is being committed counts, also where that is less than what is staged.
    assert git(hooked, "commit", "-m", "clean", "b.py").returncode == 1  # b.py is not known to git yet
    git(hooked, "add", "b.py", check=True)
    assert git(hooked, "commit", "-m", "clean", "b.py").returncode == 0
    git(hooked, "rm", "-q", "--cached", "a.py", check=True)
    assert git(hooked, "commit", "--allow-empty", "-m", "clean").returncode == 0


def test_modules_in_the_work_tree_are_not_the_hooks(hooked: Work) -> None:
    for name in ("json.py", "picket/__init__.py", "argparse.py"):
        (hooked.path / name).parent.mkdir(exist_ok=True)
        (hooked.path / name).write_text("raise SystemExit(0)\n")
    (hooked.path / "a.py").write_text(line(1))
    git(hooked, "add", "--all", check=True)
    assert git(hooked, "commit", "-m", "leak").returncode == 1


def test_a_push_with_a_secret_is_stopped(hooked: Work, tmp_path: Path) -> None:
    bare = tmp_path / "bare.git"
    hooked.git("init", "-q", "--bare", str(bare))
    hooked.git("remote", "add", "origin", str(bare))
    assert git(hooked, "push", "origin", "main").returncode == 0
    (hooked.path / "a.py").write_text(line(1))
    git(hooked, "add", "a.py", check=True)
    git(hooked, "commit", "--no-verify", "-m", "leak", check=True)
    assert git(hooked, "push", "origin", "main", "main:other").returncode == 1
    assert git(hooked, "push", str(bare), "main").returncode == 1
    git(hooked, "reset", "-q", "--hard", "HEAD~1", check=True)
    assert git(hooked, "push", "origin", "main:clean").returncode == 0


def test_hooks_that_were_there_run_first_and_come_back(work: Work, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    theirs = work.path / ".git" / "hooks" / "pre-push"
    theirs.parent.mkdir(exist_ok=True)
    theirs.write_text(f'#!/bin/sh\ncat > {ran}; test "$1" = origin\n')
    theirs.chmod(0o755)
    before = theirs.read_text()

    hooks("install", work.path, "--pre-push")
    assert not (work.path / ".git" / "hooks" / "pre-commit").exists()
    hooks("install", work.path)  # again: nothing is lost
    bare = tmp_path / "bare.git"
    work.git("init", "-q", "--bare", str(bare))
    work.git("remote", "add", "origin", str(bare))
    work.git("remote", "add", "second", str(bare))
    sha = work.commit({"a.py": "1\n"})
    assert git(work, "push", "origin", "main").returncode == 0
    assert sha in ran.read_text()
    assert git(work, "push", "second", "main:x").returncode == 1  # theirs says no

    hooks("uninstall", work.path)
    assert theirs.read_text() == before
    assert sorted(path.name for path in theirs.parent.glob("pre-*") if path.suffix != ".sample") == ["pre-push"]


def test_hooks_go_where_git_looks_for_them(work: Work, tmp_path: Path) -> None:
    work.git("config", "core.hooksPath", str(tmp_path / "shared"))
    hooks("install", work.path, "--pre-commit")
    assert (tmp_path / "shared" / "pre-commit").exists()
    assert "not a git repository" in hooks("install", tmp_path / "shared", status=2)


def test_a_pre_receive_hook_refuses_what_is_new_before_any_ref_moves(
    work: Work, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    bare = tmp_path / "bare.git"
    work.git("init", "-q", "--bare", str(bare))
    work.git("remote", "add", "origin", str(bare))
    work.commit({"old.py": line(1)})
    assert git(work, "push", "origin", "main").returncode == 0  # before there was a hook
    hook = bare / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\nexec {sys.executable} -P -m picket.cli scan --pre-receive\n")
    hook.chmod(0o755)

    work.commit({"a.py": "1\n"})
    assert git(work, "push", "origin", "main").returncode == 0
    clean = work.head()
    work.commit({"leak.py": line(2)})
    work.commit({"leak.py": "gone\n"})
    refused = git(work, "push", "origin", "main", "main:new")
    assert refused.returncode == 1
    assert "leak.py:1" in refused.stderr
    assert "old.py" not in refused.stderr
    heads = subprocess.run(["git", "-C", bare, "for-each-ref"], capture_output=True, text=True, check=True).stdout
    assert heads.split() == [clean, "commit", "refs/heads/main"]
