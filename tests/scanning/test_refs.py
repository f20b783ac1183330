"""Refs that are not kept in files of their own: git is asked, and no scan takes what it cannot read for nothing."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from tests.scanning.conftest import Picket
from tests.support.repositories import Work
from tests.support.secrets import slack_token

from picket.cli.replay import replay
from picket.scanning.glance import clean
from picket.scanning.heads import refs_of


def line(seed: int) -> str:
    return f"token = '{slack_token(seed)}'\n"


@pytest.fixture
def tables(tmp_path: Path) -> Work:
    """A repository whose refs are in a reftable."""
    try:
        return Work(tmp_path / "tables", "--ref-format=reftable")
    except subprocess.CalledProcessError:
        version = subprocess.run(["git", "--version"], capture_output=True, text=True, check=True).stdout.strip()
        pytest.skip(f"{version} knows no reftables; 2.45 does")


def test_branches_in_a_reftable_are_looked_at_and_what_is_new_of_them(picket: Picket, tables: Work) -> None:
    tables.commit({"a.py": "x = 1\n"})
    assert picket(tables.path).status == 0
    tables.git("checkout", "--quiet", "-b", "side")
    tables.commit({"b.py": line(1)})
    tables.git("checkout", "--quiet", "main")

    done = picket(tables.path)

    assert [each["path"] for each in done.findings] == ["b.py"]
    assert done.json["stats"]["refs"] == 2
    tables.git("branch", "--quiet", "-D", "side")
    assert picket(tables.path).status == 0
    assert picket(tables.path, "--unreachable").status == 1


@pytest.mark.parametrize("where", ["here", "in a work tree"])
def test_detached_heads_beside_a_reftable_are_looked_at(
    picket: Picket, tables: Work, tmp_path: Path, where: str
) -> None:
    tables.commit({"a.py": "x = 1\n"})
    assert picket(tables.path).status == 0
    before = refs_of(str(tables.path / ".git"))
    there = tables
    if where == "here":
        tables.git("checkout", "--quiet", "--detach")
    else:
        tables.git("worktree", "add", "--quiet", "--detach", str(tmp_path / "tree"))
        there = Work.at(tmp_path / "tree")
    lost = there.commit({"b.py": line(1)})

    assert [each["commit"] for each in picket(tables.path).findings] == [lost]
    assert refs_of(str(tables.path / ".git")) != before
    assert picket(there.path).status == 1


def test_hooks_work_beside_a_reftable(picket: Picket, tables: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    known = tables.commit({"a.py": "x = 1\n"})
    monkeypatch.chdir(tables.path)
    (tables.path / "b.py").write_text(line(1))
    tables.git("add", "--all")
    assert clean(["--staged"]) is None
    assert picket("--staged").status == 1
    new = tables.commit({})
    assert picket("--pre-push", stdin=f"refs/heads/main {new} refs/heads/main {known}").status == 1
    assert picket("--range", "HEAD~1..").status == 1


def test_refs_in_a_form_that_git_does_not_know_are_an_error(
    picket: Picket, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    work.commit({"a.py": "x = 1\n"})
    monkeypatch.chdir(work.path)
    assert picket().status == 0
    work.git("config", "core.repositoryFormatVersion", "1")
    work.git("config", "extensions.refStorage", "unheard-of")

    for options in ((), ("--unreachable",), ("--branch", "main"), ("--staged",)):
        assert picket(*options).status == 2
    assert clean(["--staged"]) is None
    assert replay(["--format", "json"]) is None
