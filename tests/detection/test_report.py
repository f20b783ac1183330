"""What commits introduce, from blobs and both sides of every change."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from enum import Enum

from tests.support import secrets

from picket.changes import Change, Commit
from picket.detection import Engine, default_ruleset, parse_ruleset
from picket.detection.report import Report, detect, introduced_by, look


class Absent(Enum):
    TOO_LARGE = "too large"


TOKEN = secrets.slack_token(1)
BLOBS: dict[str, bytes | Enum] = {"clean": b"x = 1\n", "leak": f"\nt = '{TOKEN}'\n".encode(), "big": Absent.TOO_LARGE}


def read(blobs: Iterable[str]) -> Iterator[tuple[str, bytes | Enum]]:
    return ((blob, BLOBS[blob]) for blob in blobs)


def commit(sha: str) -> Commit:
    return Commit(sha, "A", "a@example.com", "2024-01-01T00:00:00Z", "2024-01-01T00:00:00Z")


def report(engine: Engine, *changes: Change) -> Report:
    return detect(changes, read(dict.fromkeys(change.new for change in changes)), read, engine)


def test_a_commit_introduces_what_every_old_side_lacks() -> None:
    engine = Engine(default_ruleset())
    new = Change(commit("1"), "a.py", "leak", ("clean",))
    moved = Change(commit("2"), "a.py", "leak", ("leak",))
    merged = Change(commit("3"), "a.py", "leak", ("clean", "leak"))
    too_large = Change(commit("4"), "b.py", "big", ())
    after_it = Change(commit("5"), "c.py", "leak", ("big",))

    found = report(engine, new, moved, merged, too_large, after_it)

    assert [(each.commit.sha, each.at.path, each.at.start_line) for each in found.occurrences] == [
        ("1", "a.py", 2),
        ("5", "c.py", 2),
    ]
    assert found.skipped == (("b.py", "big", "too large"),)
    assert (found.blobs, found.size) == (1, len(f"\nt = '{TOKEN}'\n"))


def test_an_allow_list_of_commits_holds_for_those_alone() -> None:
    named = "a" * 40
    ruleset = parse_ruleset(f"[extend]\nuseDefault = true\n[[allowlists]]\ncommits = ['{named}']\n", name="t")
    found = report(
        Engine(ruleset), Change(commit(named), "a.py", "leak", ()), Change(commit("b" * 40), "a.py", "leak", ())
    )
    assert [each.commit.sha for each in found.occurrences] == ["b" * 40]


def test_a_blob_at_several_paths_is_matched_once_and_judged_at_each() -> None:
    engine = Engine(default_ruleset())
    passes = 0
    windows = engine.prefilter.windows

    def counted(content: bytes) -> dict[int, list[list[int]]]:
        nonlocal passes
        passes += 1
        return windows(content)

    engine.prefilter.windows = counted  # type: ignore[method-assign]
    found = look(engine, f"t = '{TOKEN}'".encode(), ["a", "b"])
    assert [each.path for each in found] == ["a", "b"]
    assert passes == 1


def test_places_of_many_hits_are_those_of_each_alone() -> None:
    pick = random.Random(5)
    text = "".join(
        f"{pick.choice(['é', '', ' '])}t = '{secrets.slack_token(n)}'{pick.choice(['', chr(10)])}" for n in range(500)
    )
    found = look(Engine(default_ruleset()), text.encode(), ["a"])
    assert len(found) == 500
    for each in found:
        before = text.encode()[: each.hit.start].decode()
        assert (each.start_line, each.start_column) == (before.count("\n") + 1, len(before) - before.rfind("\n"))


def test_nothing_is_asked_of_old_sides_that_cannot_matter() -> None:
    def never(_blob: str, _path: str) -> list[object]:
        raise AssertionError

    assert list(introduced_by(Change(commit("1"), "a", "clean", ("leak",)), (), never)) == []  # type: ignore[arg-type]
