"""The log of a long history is the same, whoever writes it."""

import tempfile

import pytest
from tests.support.repositories import Work

from picket.commits.log import LOG_OPTIONS
from picket.effects.git.command import run
from picket.scanning import logs


@pytest.mark.parametrize("share", [1, 3, 4, 1_000])
def test_several_runs_write_what_one_does(work: Work, share: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "SHARE", share)
    monkeypatch.setattr(logs, "usable_cores", lambda: 100)
    for number in range(4):
        work.commit({f"{number}.txt": f"{number}\n"})
    work.git("checkout", "--quiet", "-b", "side", "HEAD~2")
    work.commit({"side.txt": "x\n"})
    work.git("merge", "--quiet", "--no-edit", "main")
    work.git("checkout", "--quiet", "--orphan", "other")
    work.commit({"other.txt": "ä\n"})
    git_dir = work.path / ".git"

    with tempfile.TemporaryFile() as file:
        logs.write(git_dir, ["--all"], file)
        file.seek(0)
        assert file.read() == run(git_dir, "log", *LOG_OPTIONS, "--all", "--")


def test_without_commits_nothing_is_written(work: Work) -> None:
    with tempfile.TemporaryFile() as file:
        logs.write(work.path / ".git", ["--all"], file)
        assert file.tell() == 0
