"""The moves of a finding's life as one table."""

from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.there import there

from picket.errors import Conflict, Malformed
from picket.findings.life import DUE_DAYS, MOVES, STATES, Actor, Move, State, due_at, moved, named, state_of

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
ACTORS: tuple[Actor, ...] = get_args(Actor)


def finding(state: State = "open", **fields: Any) -> dict[str, Any]:
    until = {"until": (NOW + timedelta(days=1)).isoformat()}
    exemption = {"exemption": until} if state == "accepted" else {}
    return {"state": state, "severity": "high", "created_at": NOW.isoformat(), **exemption, **fields}


@pytest.mark.parametrize("start", STATES)
@pytest.mark.parametrize("to", STATES)
@pytest.mark.parametrize("actor", ACTORS)
def test_only_the_moves_of_the_table_are_made(start: State, to: State, actor: Actor) -> None:
    until = "2026-06-01" if to == "accepted" else ""
    move = Move(to, actor, "me", "why", until=until)
    if actor in MOVES.get((start, to), frozenset()):
        assert moved(finding(start), move, NOW)["state"] == to
    else:
        with pytest.raises(Conflict):
            moved(finding(start), move, NOW)


def test_a_person_can_bring_a_finding_from_any_state_to_any_other_sooner_or_later() -> None:
    for start in STATES:
        reached, waiting = {start}, [start]
        while waiting:
            here = waiting.pop()
            new = {to for (begin, to), actors in MOVES.items() if begin == here and "person" in actors} - reached
            reached |= new
            waiting += new
        assert reached == set(STATES)


@given(
    st.lists(
        st.tuples(st.sampled_from(STATES), st.sampled_from(ACTORS), st.integers(min_value=0, max_value=40)), max_size=30
    )
)
def test_whatever_happens_a_finding_is_in_one_state_and_its_history_tells_how(
    steps: list[tuple[State, Actor, int]],
) -> None:
    one, at, told, episodes = finding(_id="f"), NOW, 0, 1
    for to, actor, days in steps:
        at += timedelta(days=days)
        before = state_of(one, at)
        until = (at + timedelta(days=9)).isoformat() if to == "accepted" else ""
        try:
            fields = moved(one, Move(to, actor, "me", "why", until=until), at)
        except Conflict:
            continue
        entry = fields.pop("entry")
        one |= fields
        told += 1
        episodes += to == "open" and before in {"fixed", "false-positive"}
        assert (entry["to"], state_of(one, at)) == (to, to)
        assert (one.get("resolved_at", "") != "") == (to == "fixed")
        assert one.get("episode", 1) == episodes
        assert bool(due_at(one, DUE_DAYS)) == (to in {"open", "accepted"})
        assert bool(one.get("accepted_until")) == (to == "accepted")


@pytest.mark.parametrize(
    ("until", "end"),
    [
        ("2026-05-02", "2026-05-03T00:00:00.000000Z"),
        ("2026-05-02T10:00:00+02:00", "2026-05-02T08:00:00.000000Z"),
        ("2026-05-02T10:00:00", "2026-05-02T10:00:00.000000Z"),
        ("2026-05-01", "2026-05-02T00:00:00.000000Z"),
        ("2027-05-01", "2027-05-02T00:00:00.000000Z"),
        ("2027-05-02", ""),
        ("2026-04-30", ""),
        ("9999-12-31", ""),
        ("0001-01-01", ""),
        ("tomorrow", ""),
        ("", ""),
    ],
)
def test_an_acceptance_ends_within_a_year_and_a_date_is_the_end_of_its_day(until: str, end: str) -> None:
    move = Move("accepted", "person", "me", "why", until=until)
    if end:
        assert there(moved(finding(), move, NOW)["exemption"])["until"] == end
    else:
        with pytest.raises(Malformed, match="until"):
            moved(finding(), move, NOW)


def test_former_names_of_states_are_read() -> None:
    assert (named("exempt"), named("resolved")) == ("accepted", "fixed")
    with pytest.raises(Malformed, match="open, accepted, fixed or false-positive"):
        named("closed")


@pytest.mark.parametrize(("severity", "days"), [("critical", 7), ("high", 30), ("medium", 90), ("low", 120)])
def test_a_finding_is_due_by_its_severity_from_when_it_was_opened(severity: str, days: int) -> None:
    one = finding(severity=severity, opened_at=(NOW + timedelta(days=3)).isoformat())

    assert due_at(one, DUE_DAYS)[:10] == (NOW + timedelta(days=3 + days)).date().isoformat()
    assert due_at(one, {**DUE_DAYS, severity: 1})[:10] == (NOW + timedelta(days=4)).date().isoformat()
