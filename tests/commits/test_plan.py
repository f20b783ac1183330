"""Cutting commits into batches, choosing what to walk, and the states of a scan."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from picket.commits import lifecycle
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
    request = ScanRequested(scan="s", url="u", kind="reactive", before=before, after=after, ref="refs/heads/x")

    assert walk(request, ["tip"], ["c"], before_known=known) == expected


def test_a_full_scan_walks_from_every_tip_down_to_what_is_covered() -> None:
    assert walk(ScanRequested(scan="s", url="u"), ["t1", "t2"], ["c"], before_known=False) == (["t1", "t2"], ["c"])


@pytest.mark.parametrize("moves", [lifecycle.SCAN_MOVES, lifecycle.BATCH_MOVES], ids=["scans", "batches"])
def test_every_state_is_reached_and_leads_to_an_end(moves: dict[str, frozenset[str]]) -> None:
    first = next(iter(moves))
    ends = {state for state, targets in moves.items() if not targets}
    reached, frontier = {first}, {first}
    while frontier:
        frontier = {target for state in frontier for target in moves[state]} - reached
        reached |= frontier

    assert reached == set(moves)
    assert ends
    assert all(target in moves for targets in moves.values() for target in targets)


@pytest.mark.parametrize(
    ("batches", "children", "expected"),
    [
        ({}, {}, "Done"),
        ({"Done": 3}, {"Done": 1}, "Done"),
        ({"Done": 3, "Failed": 1}, {}, "Partial"),
        ({"Done": 3}, {"Failed": 1}, "Partial"),
        ({"Failed": 1}, {}, "Failed"),
        ({}, {"Failed": 2}, "Failed"),
        ({}, {"Done": 1, "Failed": 2}, "Partial"),
    ],
)
def test_the_outcome_tells_the_truth(batches: dict[str, int], children: dict[str, int], expected: str) -> None:
    state, reason = lifecycle.outcome(batches, children)

    assert state == expected
    assert bool(reason) == (expected != "Done")
