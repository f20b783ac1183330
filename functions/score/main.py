"""Keep the score of every repository and team."""

import threading
import zlib
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial

from picket.effects import broker, ruleset
from picket.effects.mongo import findings, repositories, scans, scores
from picket.effects.mongo.client import Document
from picket.errors import Busy
from picket.events import FindingChanged, ItemDelta, RepositoryChanged, ScanCompleted, ScoreChanged, now
from picket.runtime import consumes
from picket.scoring import posture
from picket.scoring.items import item
from picket.scoring.score import deltas, evaluate, evaluate_team

_TRIES = 10
_TURNS = tuple(threading.Lock() for _ in range(64))
"""Events of one repository come in bursts; threads that take turns do not spoil each other's compare-and-set."""


@consumes(FindingChanged, RepositoryChanged, ScanCompleted)
def main(event: FindingChanged | RepositoryChanged | ScanCompleted) -> None:
    """Compute the scores that the event may have moved."""
    repository = repositories.get(event.repository)
    if repository is not None:
        update(event.repository, partial(repository_score, event.repository))
        for team in repository.get("teams", ()):
            update(f"team:{team}", partial(team_score, team))
    if isinstance(event, ScanCompleted):
        scans.set_scored(event.scan)


def repository_score(name: str) -> Document:
    """Evaluate a repository as it stands now."""
    at, repository = datetime.now(UTC), repositories.get(name) or {}
    items = [item(finding, repository, at) for finding in findings.scored_in(name)]
    return evaluate(items, posture.checks(repository, ruleset.digest(), at))


def team_score(team: str) -> Document:
    """Evaluate a team from the scores its repositories have now."""
    owned = {repository["_id"]: repository for repository in repositories.of_team(team)}
    known = [(name, scores.get(name)) for name in owned]
    members = [(name, found["exact"], owned[name]["criticality"]) for name, found in known if found]
    result = evaluate_team(members)
    return {
        "score": result.score,
        "exact": result.score,
        "grade": result.grade,
        "members": [list(member) for member in result.members],
    }


def update(entity: str, evaluate_now: Callable[[], Document]) -> None:
    """Put a score in place and, if it moved, say what moved it; once for each event, however often it comes."""
    with _TURNS[zlib.crc32(entity.encode()) % len(_TURNS)]:
        change = attempts(entity, evaluate_now)
    if change["score"] != change["previous"]:
        broker.emit(announcement(entity, change))


def attempts(entity: str, evaluate_now: Callable[[], Document]) -> Document:
    """Evaluate until no other instance was faster; the change that this event made.

    Raises:
        Busy: Others were faster each time.
    """
    for _ in range(_TRIES - 1):
        with suppress(Busy):
            return replace(entity, evaluate_now)
    return replace(entity, evaluate_now)


def replace(entity: str, evaluate_now: Callable[[], Document]) -> Document:
    """Put a score in the place of the one there is, unless this event did so before.

    What it replaces is read before anything is evaluated: so a newer score is never replaced by an older evaluation.
    """
    cause = broker.cause().id
    change = scores.change_of(entity, cause)
    if change is not None:
        return change
    former = scores.get(entity)
    if former:
        scores.keep_change(entity, former["last_change"])
        if former["last_change"]["cause"] == cause:
            return dict(former["last_change"])
    score = evaluate_now()
    change = difference(entity, former, score, cause)
    scores.replace(entity, former, score, change)
    scores.keep_change(entity, change)
    return change


def difference(entity: str, former: Document | None, score: Document, cause: str) -> Document:
    """Describe how a score moves, item by item where it has items."""
    moved = deltas(former, score) if "items" in score else []
    return {
        "cause": cause,
        "at": now(),
        "model": score.get("model", "v1"),
        "score": score["exact"],
        "previous": former["exact"] if former else None,
        "grade": score["grade"],
        "deltas": moved,
        "kind": "team" if entity.startswith("team:") else "repository",
    }


def announcement(entity: str, change: Document) -> ScoreChanged:
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
