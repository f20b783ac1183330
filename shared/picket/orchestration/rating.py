"""Putting a new score in the place of the one there is: once for each event, however often it comes, and by one writer.

What a finding costs stands in it, and their sum in the score; so an event costs as much as the findings that it names,
however many there are. On the first event of a day everything is summed up anew, since findings age.
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
from picket.effects.mongo import findings, repositories, scores
from picket.effects.mongo.client import Document
from picket.effects.telemetry import count
from picket.errors import Busy
from picket.events import ItemDelta, ScoreChanged, now
from picket.scoring import posture
from picket.scoring.items import item
from picket.scoring.score import cost, deltas, evaluate, evaluate_team, tally

_TRIES = 10
_DROP = 10.0
"""Points that somebody on call would want to know of."""
_TURNS = tuple(threading.Lock() for _ in range(64))
"""Events of one repository come in bursts; threads that take turns do not spoil each other's compare-and-set."""


@dataclass(frozen=True, slots=True)
class Rating:
    """A score, the deltas that led to it, and what the findings that moved cost now, by id."""

    score: Document
    deltas: list[Document] = field(default_factory=list)
    costs: Document = field(default_factory=dict)


def rate_repository(name: str, changed: Collection[str] | None) -> None:
    """Bring a repository's score up to date with the findings *changed*; None: with all of them."""
    _update(name, partial(_of_repository, name, changed))


def rate_team(team: str) -> None:
    """Bring a team's score up to date with the scores that its repositories have now."""
    _update(f"team:{team}", partial(_of_team, team))


def _of_repository(name: str, changed: Collection[str] | None, former: Document | None) -> Rating:
    at, repository = datetime.now(UTC), repositories.get(name) or {}
    today = at.date().isoformat()
    if changed is None or former is None or former["day"] != today:
        found, base = findings.scored_in(name), None
    else:
        found, base = findings.get_many(changed) if changed else [], former["tally"]
    before = {one["_id"]: one["cost"] for one in found if "cost" in one}
    after = {one["_id"]: cost(item(one, repository, at)) for one in found}
    weighs = tally(after.values(), tally(before.values(), base, sign=-1) if base else None)
    score = evaluate(weighs, posture.checks(repository, ruleset.digest(), at)) | {"day": today}
    moved = {name: value for name, value in after.items() if before.get(name) != value}
    return Rating(score, deltas(former, score, before, after) if score["exact"] is not None else [], moved)


def _of_team(team: str, former: Document | None) -> Rating:  # noqa: ARG001 - a team is always evaluated whole
    owned = {repository["_id"]: repository for repository in repositories.of_team(team)}
    known = [(name, (scores.get(name) or {}).get("exact")) for name in owned]
    result = evaluate_team([(name, exact, owned[name]["criticality"]) for name, exact in known if exact is not None])
    members = [list(member) for member in result.members]
    return Rating({"score": result.score, "exact": result.score, "grade": result.grade, "members": members})


def _update(entity: str, evaluate_now: Callable[[Document | None], Rating]) -> None:
    """Put a score in place and, if it moved, say what moved it."""
    with _TURNS[zlib.crc32(entity.encode()) % len(_TURNS)]:
        change = _attempts(entity, evaluate_now)
    if change["score"] == change["previous"]:
        return
    broker.emit(_announcement(entity, change))
    if None not in {change["score"], change["previous"]} and change["previous"] - change["score"] >= _DROP:
        count("picket_score_drops_total", kind=change["kind"])


def _attempts(entity: str, evaluate_now: Callable[[Document | None], Rating]) -> Document:
    """Evaluate until no other instance was faster; the change that this event made.

    Raises:
        Busy: Others were faster each time.
    """
    for _ in range(_TRIES - 1):
        with suppress(Busy):
            return _replace(entity, evaluate_now)
    return _replace(entity, evaluate_now)


def _replace(entity: str, evaluate_now: Callable[[Document | None], Rating]) -> Document:
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
            return dict(former["last_change"])
    rated = evaluate_now(former)
    change = _difference(entity, former, rated, cause)
    _complete(entity, scores.replace(entity, former, rated.score | {"costs": rated.costs}, change))
    return change


def _complete(entity: str, score: Document) -> None:
    """Put into history and findings what a score says that led to it; doing it again changes nothing."""
    scores.keep_change(entity, score["last_change"])
    if score.get("costs"):
        findings.set_costs(score["costs"], score["revision"])
        scores.forget_costs(score)


def _difference(entity: str, former: Document | None, rated: Rating, cause: str) -> Document:
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


def _announcement(entity: str, change: Document) -> ScoreChanged:
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
