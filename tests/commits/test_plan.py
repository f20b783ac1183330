"""Cutting commits into batches, choosing what to walk, and the states of a scan."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from picket.commits.plan import cut
from picket.commits.selection import walk
from picket.events import ScanRequested

COMMITS = st.lists(st.lists(st.integers(0, 30).map(str), max_size=5), max_size=40)


@given(COMMITS, st.integers(1, 8), st.integers(1, 50))
def test_every_commit_is_in_one_batch_in_its_order_and_no_batch_is_too_large(
    found: list[list[str]], max_commits: int, max_bytes: int
) -> None:
    sizes = {str(n): n for n in range(31)}
    commits = [(f"c{n}", blobs) for n, blobs in enumerate(found)]

    plans = list(cut(commits, sizes, max_commits=max_commits, max_bytes=max_bytes))

    assert [sha for plan in plans for sha in plan.commits] == [sha for sha, _ in commits]
    for plan in plans:
        assert 0 < len(plan.commits) <= max_commits
        assert plan.size <= max_bytes or len(plan.commits) == 1
        blobs = {blob for sha, brought in commits if sha in plan.commits for blob in brought}
        assert plan.size == sum(sizes[blob] for blob in blobs)


def test_batches_even_out_by_bytes() -> None:
    plans = list(cut([(f"c{n}", [str(n)]) for n in range(11)], {str(n): 10 for n in range(11)}, max_bytes=100))

    assert [plan.size for plan in plans] == [60, 50]


def test_many_small_commits_after_the_last_cut_stay_together() -> None:
    commits = [(f"c{n}", [str(n)]) for n in range(25)]

    plans = list(cut(commits, {str(n): n for n in range(25)}, max_commits=20))

    assert len(plans) == 2


def test_a_blob_that_comes_twice_weighs_once() -> None:
    [plan] = cut([("a", ["x"]), ("b", ["x"])], {"x": 10}, max_bytes=10)

    assert plan.size == 10


ZERO, OLD, NEW = "0" * 40, "a" * 40, "b" * 40


@pytest.mark.parametrize(
    ("before", "after", "known", "expected"),
    [
        pytest.param(OLD, NEW, True, ([NEW], [OLD]), id="a push"),
        pytest.param(ZERO, NEW, False, ([NEW], ["c"]), id="a new ref"),
        pytest.param(OLD, NEW, False, ([NEW], ["c"]), id="a forced push whose former commit is gone"),
        pytest.param(OLD, ZERO, True, ([], []), id="a deleted ref"),
    ],
)
def test_what_a_push_makes_us_walk(
    before: str, after: str, *, known: bool, expected: tuple[list[str], list[str]]
) -> None:
    request = ScanRequested(scan="s", url="u", kind="push", before=before, after=after, ref="refs/heads/x")

    assert walk(request, ["tip"], ["c"], before_known=known) == expected


def test_a_full_scan_walks_from_every_tip_down_to_what_is_covered() -> None:
    assert walk(ScanRequested(scan="s", url="u"), ["t1", "t2"], ["c"], before_known=False) == (["t1", "t2"], ["c"])
