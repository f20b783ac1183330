"""The one table of moves: what leads where, what ends, and what a scan comes to."""

import pytest

from picket.commits import lifecycle
from picket.commits.lifecycle import Move

TABLES = {"scan": lifecycle.SCAN, "batch": lifecycle.BATCH}


@pytest.mark.parametrize("moves", TABLES.values(), ids=TABLES)
def test_every_state_is_reached_and_leads_to_an_end(moves: tuple[Move, ...]) -> None:
    states = lifecycle.states(moves)
    reached, grown = {states[0]}, {states[0]}
    while grown:
        grown = {move.target for move in moves if move.source in reached} - reached
        reached |= grown

    ends = set(states) - lifecycle.open_states(moves)
    assert reached == set(states)
    for state in states:
        led, more = {state}, {state}
        while more:
            more = {move.target for move in moves if move.source in led} - led
            led |= more
        assert led & ends, state


@pytest.mark.parametrize("moves", TABLES.values(), ids=TABLES)
def test_a_move_stands_in_the_table_once_with_who_makes_it_and_when(moves: tuple[Move, ...]) -> None:
    pairs = [(move.source, move.target) for move in moves]

    assert len(pairs) == len(set(pairs))
    assert all(move.actor and move.when for move in moves)


@pytest.mark.parametrize(
    ("table", "source", "target", "expected"),
    [
        pytest.param("scan", "New", "Validating", True, id="begun"),
        pytest.param("scan", "Scheduling", "Queued", True, id="back into the queue"),
        pytest.param("scan", "InProgress", "Queued", False, id="not back once its batches are out"),
        pytest.param("scan", "Done", "Cancelled", False, id="ended is ended"),
        pytest.param("scan", "New", "Done", False, id="not done before it was looked at"),
        pytest.param("batch", "InProgress", "InProgress", True, id="taken over"),
        pytest.param("batch", "Scanned", "Cancelled", False, id="what is found is judged"),
        pytest.param("batch", "Queued", "Scanned", False, id="not scanned without a scanner"),
    ],
)
def test_only_moves_of_the_table_are_legal(table: str, source: str, target: str, expected: bool) -> None:
    assert lifecycle.legal(TABLES[table], source, target) is expected


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
