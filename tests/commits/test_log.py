"""Reading `git log --raw`, on what git really says."""

from pathlib import Path

import pytest
from tests.support.repositories import Work

from picket.changes import Change, Commit
from picket.commits.log import LOG_OPTIONS, parse_log
from picket.effects.git import history
from picket.errors import Malformed

SHA = b"\x01" + b"5" * 40
AUTHORED = SHA + b"\0a\0e\0d\0c\0m\0"


@pytest.fixture
def work(tmp_path: Path) -> Work:
    return Work(tmp_path / "work")


def changes_of(work: Work, sha: str) -> list[tuple[str, int]]:
    """Return path and number of old sides of what a commit changes."""
    [(_, changes)] = history.changes(work.path / ".git", [sha])
    return [(change.path, len(change.olds)) for change in changes]


def test_a_first_commit_shows_whole(work: Work) -> None:
    assert changes_of(work, work.commit({"a": "1", "dir/b": "2"})) == [("a", 0), ("dir/b", 0)]


def test_a_change_knows_both_sides(work: Work) -> None:
    old = work.commit({"a": "1"})
    sha = work.commit({"a": "2"})

    [(commit, (change,))] = history.changes(work.path / ".git", [sha])

    assert change.olds == (work.git("rev-parse", f"{old}:a"),)
    assert change.new == work.git("rev-parse", f"{sha}:a")
    assert (commit.author, commit.email, commit.date) == ("A", "a@example.com", "2023-11-14T22:15:20+00:00")


def test_deletions_submodules_and_mode_changes_without_content_are_no_new_blobs(work: Work) -> None:
    sha = work.commit({"a": "1", "b": "2"})
    (work.path / "a").unlink()
    work.git("update-index", "--add", "--cacheinfo", f"160000,{sha},sub")
    assert changes_of(work, work.commit({})) == []


def test_a_merge_shows_only_what_it_introduced_itself(work: Work) -> None:
    work.commit({"a": "1\n", "b": "1\n"})
    work.git("checkout", "--quiet", "-b", "side")
    work.commit({"a": "side\n"})
    work.git("checkout", "--quiet", "main")
    work.commit({"b": "main\n"})
    work.git("merge", "--quiet", "--no-ff", "--no-commit", "side")
    sha = work.commit({"a": "neither\n", "new": "x\n"})

    assert changes_of(work, sha) == [("a", 2), ("new", 0)]


@pytest.mark.parametrize(
    "name", ["with blank", "tab\there", "line\nbreak", "ü", ":colon", '"quoted"', "\x01start", "mid\x01dle", "\n\x01"]
)
def test_any_path_is_read_as_it_is(work: Work, name: str) -> None:
    assert changes_of(work, work.commit({name: "1"})) == [(name, 0)]


def test_bytes_that_are_not_utf8_in_paths_and_authors_are_replaced(work: Work) -> None:
    stream = (
        b"commit refs/heads/main\nauthor \xff\xfe <\xfd@example.com> 1700000000 +0000\n"
        b"committer C <c@example.com> 1700000000 +0000\ndata 0\n\nM 100644 inline \xffname\ndata 1\nx\n"
    )
    work.git("fast-import", "--quiet", stdin=stream)

    [(commit, (change,))] = history.changes(work.path / ".git", [work.git("rev-parse", "main")])

    assert "\ufffd" in commit.author
    assert change.path == "\ufffdname"


def test_an_authors_name_cannot_pass_for_a_record(work: Work) -> None:
    work.git("config", "user.name", "x")
    stream = (
        b"commit refs/heads/main\nauthor A\x01B <a@example.com> 1700000000 +0000\n"
        b"committer C <c@example.com> 1700000000 +0000\ndata 0\n\nM 100644 inline a\x01\ndata 1\nx\n"
        b"M 100644 inline z\ndata 1\ny\n"
    )
    work.git("fast-import", "--quiet", stdin=stream)

    [(commit, changes)] = history.changes(work.path / ".git", [work.git("rev-parse", "main")])

    assert commit.author == "A\x01B"
    assert [change.path for change in changes] == ["a\x01", "z"]


def test_a_commit_message_cannot_pass_for_a_change(work: Work) -> None:
    zero = "0" * 40
    sha = work.commit({"a": "1"}, f"\x01{zero}\x00x\n:000000 100644 {zero} {zero} A\x00evil".replace("\x00", " "))

    assert changes_of(work, sha) == [("a", 0)]


def test_an_empty_commit_changes_nothing(work: Work) -> None:
    assert changes_of(work, work.commit({})) == []


@pytest.mark.parametrize(
    "output", [b"\x01abc", SHA, AUTHORED[:-1], AUTHORED + b":000000 100644 00 11 A", b"x\0", AUTHORED + b": x\0p\0"]
)
def test_output_that_is_cut_is_an_error(output: bytes) -> None:
    with pytest.raises(Malformed):
        list(parse_log(output))


def test_the_format_and_the_parser_belong_together() -> None:
    assert any("%x01%H" in option for option in LOG_OPTIONS)
    assert list(parse_log(b"")) == []
    [(commit, changes)] = parse_log(SHA + b"\0a\0e\0d\0c\0message\n\0\n:0 100644 00 11 A\0p\0")
    assert (commit, changes) == (Commit("5" * 40, "a", "e", "d", "c"), (Change(commit, "p", "11", ()),))
    assert commit.message == "message\n"
