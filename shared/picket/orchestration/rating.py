"""Putting a new score in the place of the one there is: once for each event, however often it comes, and by one writer.

What a finding costs stands in it, and their sum in the score; so an event costs as much as the findings that it names,
however many there are. What a cost depends on besides its finding, such as the day, is the key that it was rated under:
findings that were rated under another one are rated anew, some hundreds an event, until none is left.
"""

from __future__ import annotations

import threading
import zlib
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

from picket.effects import broker, ruleset
from picket.effects.mongo import connections, costs, findings, repositories, scores, teams
from picket.effects.mongo.documents import Repository
from picket.effects.mongo.records import TeamChange
from picket.effects.telemetry import count
from picket.errors import Busy
from picket.events import ItemDelta, ScoreChanged, ScoreRequested, TeamChanged, now
from picket.findings.life import DUE_DAYS
from picket.findings.stored import Cost
from picket.probes import posture
from picket.scoring.items import item
from picket.scoring.model import MODEL
from picket.scoring.score import cost, deltas, evaluate, evaluate_team, tally
from picket.scoring.stored import Change, Delta, Evaluated, Score
from picket.settings import settings

_TRIES = 10
AT_ONCE = 500
"""Findings that an event rates anew, and repositories that it puts into a team's score."""
_DROP = 10.0
"""Points that somebody on call would want to know of."""
_TURNS = tuple(threading.Lock() for _ in range(64))
"""Events of one repository come in bursts; threads that take turns do not spoil each other's compare-and-set."""


@dataclass(frozen=True, slots=True)
class Rating:
    """A score, the deltas that led to it, and what the findings that moved cost now, by id.

    `kept` are findings whose costs hold as they are; `is_partial` says that others are still to be rated anew.
    """

    score: Evaluated
    deltas: list[Delta] = field(default_factory=list)
    costs: dict[str, Cost] = field(default_factory=dict)
    kept: tuple[str, ...] = ()
    is_partial: bool = False


class _Unchanged(Exception):
    """Another event has put into a score what this one would have."""


def rate_repository(name: str, changed: Collection[str]) -> bool:
    """Bring a repository's score up to date with the findings *changed*, and with some that are to be rated anew.

    Returns:
        Whether its score moved.
    """
    rated: list[Rating] = []
    change = _update(name, partial(_of_repository, name, changed, rated))
    if rated:
        costs.mark_rated(name, rated[-1].score["rating"], rated[-1].kept)
    # What a former attempt at this event did not get to say is found by looking.
    if rated[-1].is_partial if rated else costs.rated_otherwise(name, _key(repositories.get(name)), 1):
        broker.emit(ScoreRequested(repository=name))
    return bool(change["score"] != change["previous"])


def note_for_teams(repository: Repository) -> None:
    """Note that a repository has changed for the scores of its teams, and evaluate those."""
    for team in repository.get("teams", ()):
        teams.note(team, repository["_id"], broker.cause().id)
        rate_team(team)


def rate_team(team: str) -> None:
    """Put what was noted of a team's repositories into its score, unless another event does at the same time."""
    noted: list[TeamChange] = []
    with suppress(_Unchanged):
        _update(f"team:{team}", partial(_of_team, team, noted))
    teams.settle(noted)
    if len(noted) == AT_ONCE:
        broker.emit(TeamChanged(team=team))


def _key(repository: Repository | None) -> str:
    """Return what a finding's cost depends on besides the finding."""
    visibility = repository.get("visibility", "") if repository else ""
    return f"{datetime.now(UTC).date().isoformat()} {_model()} {visibility}"


def _model() -> str:
    """Return the name of the score model: days until a finding is due that differ from its own make it another one."""
    days = settings().due
    return MODEL if days == DUE_DAYS else f"{MODEL} due " + "/".join(str(days[name]) for name in DUE_DAYS)


def _of_repository(name: str, changed: Collection[str], rated: list[Rating], former: Score | None) -> Rating:
    at, repository = datetime.now(UTC), repositories.get(name)
    if former is not None and "rating" not in former:
        costs.begin_rating(name)
    key = _key(repository)
    stale = costs.rated_otherwise(name, key, AT_ONCE)
    found = {one["_id"]: one for one in [*stale, *(findings.get_many(changed) if changed else [])]}
    before = {name: one["cost"] for name, one in found.items() if "cost" in one}
    after = {name: cost(item(one, repository or {}, at, settings().due)) for name, one in found.items()}
    base = former["tally"] if former else None
    weighs = tally(after.values(), tally(before.values(), base, sign=-1) if base else None)
    watched = {**repository, "webhook_fault": connections.fault_of(repository["name"])} if repository else {}
    score = evaluate(weighs, posture.checks(watched, ruleset.in_force(), at))
    score |= {
        "model": _model(),
        "rating": key,
        "day": at.date().isoformat(),
    }  # a former revision beside this one reads the day
    moved = {name: value for name, value in after.items() if before.get(name) != value}
    steps = deltas(former, score, before, after) if score["exact"] is not None else []
    rated.append(Rating(score, steps, moved, tuple(found.keys() - moved.keys()), len(stale) == AT_ONCE))
    return rated[-1]


def _of_team(team: str, noted: list[TeamChange], former: Score | None) -> Rating:
    """Evaluate a team: what its score was made of, and what was noted since.

    Raises:
        _Unchanged: Nothing is noted.
    """
    noted[:] = teams.noted(team, AT_ONCE)
    if not noted:
        raise _Unchanged
    members = {name: (exact, weight) for name, exact, weight in (former.get("members", ()) if former else ())}
    names = [str(note["repository"]) for note in noted]
    exact = scores.exact_of(names)
    owned = {one["_id"]: one for one in repositories.get_many(names) if one.get("team") == team}
    for name in names:
        members.pop(name, None)
        value = exact.get(name)
        if name in owned and value is not None:
            members[name] = (value, owned[name]["criticality"])
    result = evaluate_team([(name, value, weight) for name, (value, weight) in sorted(members.items())])
    kept = list(result.members)
    return Rating({"score": result.score, "exact": result.score, "grade": result.grade, "members": kept})


def _update(entity: str, evaluate_now: Callable[[Score | None], Rating]) -> Change:
    """Put a score in place and, if it moved, say what moved it.

    Returns:
        The change that this event made.
    """
    with _TURNS[zlib.crc32(entity.encode()) % len(_TURNS)]:
        change = _attempts(entity, evaluate_now)
    if change["score"] == change["previous"]:
        return change
    broker.emit(_announcement(entity, change))
    before, after = change["previous"], change["score"]
    if before is not None and after is not None and before - after >= _DROP:
        count("picket_score_drops_total", kind=change["kind"])
    return change


def _attempts(entity: str, evaluate_now: Callable[[Score | None], Rating]) -> Change:
    """Evaluate until no other instance was faster; the change that this event made.

    Raises:
        Busy: Others were faster each time.
    """
    for _ in range(_TRIES - 1):
        with suppress(Busy):
            return _replace(entity, evaluate_now)
    return _replace(entity, evaluate_now)


def _replace(entity: str, evaluate_now: Callable[[Score | None], Rating]) -> Change:
    """Put a score in the place of the one there is, unless this event did so before.

    What it replaces is read before anything is evaluated: so a newer score is never replaced by an older evaluation.
    What the former writer may not have got to, is done first.
    """
    cause = broker.cause().id
    change = scores.change_of(entity, cause)
    if change is not None:
        return change
    former = scores.get(entity)
    if former:
        _complete(entity, former)
        if former["last_change"]["cause"] == cause:
            return former["last_change"]
    rated = evaluate_now(former)
    moved = _difference(entity, former, rated, cause)
    _complete(entity, scores.replace(entity, former, rated.score, rated.costs, moved))
    return moved


def _complete(entity: str, score: Score) -> None:
    """Put into history and findings what a score says that led to it; doing it again changes nothing."""
    scores.keep_change(entity, score["last_change"])
    if not entity.startswith("team:"):
        repositories.show_score(entity, score)
    if score.get("costs"):
        costs.set_costs(entity, score.get("rating", ""), score["costs"], score["revision"])
        scores.forget_costs(score)


def _difference(entity: str, former: Score | None, rated: Rating, cause: str) -> Change:
    """Describe how a score moves, item by item where it has items."""
    return {
        "cause": cause,
        "at": now(),
        "model": rated.score.get("model", "v1"),
        "score": rated.score["exact"],
        "previous": former["exact"] if former else None,
        "grade": rated.score["grade"],
        "deltas": rated.deltas,
        "kind": "team" if entity.startswith("team:") else "repository",
    }


def _announcement(entity: str, change: Change) -> ScoreChanged:
    """Describe a change as an event."""
    return ScoreChanged(
        repository="" if change["kind"] == "team" else entity,
        entity=entity,
        score=change["score"],
        previous=change["previous"],
        grade=change["grade"],
        model=change["model"],
        deltas=tuple(ItemDelta(**delta) for delta in change["deltas"]),
    )
