"""Refs with odd names, broken ones beside good ones, and refs that move while they are fetched."""

from pathlib import Path
from typing import Any

import pytest
from tests.functions.test_odd_repositories import scanned
from tests.orchestration.asking import batches_of
from tests.support.deployment import Deployment
from tests.support.repositories import Work

from picket.effects.git import mirror, transport


@pytest.fixture
def work(tmp_path: Path) -> Work:
    """A repository with two commits."""
    made = Work(tmp_path / "o" / "r")
    made.commit({"a": "1\n"})
    made.commit({"a": "2\n"})
    return made


def broken(work: Work, name: str) -> None:
    """Give a repository a ref whose commit is not there."""
    (work.path / ".git" / "refs" / "heads" / name).write_text("1" * 40 + "\n")


def commits(scan: str) -> int:
    return sum(len(batch["commits"]) for batch in batches_of(scan))


@pytest.mark.parametrize("separator", ["\u2028", "\u0085"], ids=["line separator", "next line"])
def test_a_branch_whose_name_has_a_line_separator_hides_no_other(
    deployed: Deployment, work: Work, separator: str
) -> None:
    work.git("branch", f"a{separator}b")
    broken(work, "a")

    scan = scanned(deployed, work.path)

    assert (scan["state"], scan["refs"]["missing_names"]) == ("Partial", ["refs/heads/a"])


def test_a_push_is_scanned_although_another_ref_is_broken(deployed: Deployment, work: Work) -> None:
    broken(work, "other")

    scan = scanned(deployed, work.path, kind="push", ref="refs/heads/main", before="0" * 40, after=work.head())

    assert (scan["state"], scan["commits"]) == ("Done", 2)


def test_refs_of_pull_requests_are_looked_at_only_where_asked(deployed: Deployment, work: Work) -> None:
    main = work.head()
    work.git("checkout", "--quiet", "--detach")
    work.git("update-ref", "refs/pull/1/head", work.commit({"p": "1\n"}))
    work.git("checkout", "--quiet", "main")
    assert scanned(deployed, work.path, "with", pull_requests=True)["commits"] == 3

    scanned(deployed, work.path, "without")

    from picket.effects.mongo import scans  # noqa: PLC0415 - reads the settings

    assert scans.get("without")["tips"] == [main]


def test_refs_that_move_on_after_they_were_fetched_are_not_missing(
    deployed: Deployment, work: Work, environment: pytest.MonkeyPatch
) -> None:
    listed = transport.advertised

    def listed_then_moved(*arguments: Any) -> dict[str, str]:
        found = listed(*arguments)
        if len(moved) < 2:
            moved.append(work.commit({"a": f"moved {len(moved)}\n"}))
        return found if len(moved) == 1 else listed(*arguments)

    moved: list[str] = []
    environment.setattr(transport, "advertised", listed_then_moved)

    scan = scanned(deployed, work.path)

    assert (scan["state"], scan["refs"]["missing"]) == ("Done", 0)
    assert mirror.path_of("h/o/r").exists()


def test_a_work_tree_whose_commit_is_not_there_makes_the_scan_partial(
    deployed: Deployment, work: Work, tmp_path: Path
) -> None:
    work.git("worktree", "add", "--quiet", "--detach", str(tmp_path / "tree"))
    [head] = (work.path / ".git" / "worktrees").glob("*/HEAD")
    head.write_text("1" * 40 + "\n")

    scan = scanned(deployed, work.path)

    assert (scan["state"], scan["commits"], scan["refs"]["missing_names"]) == ("Partial", 2, ["HEAD"])
    assert scan["refs"]["looked_at"] == 1
