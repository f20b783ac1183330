"""One finding for each secret, with all its occurrences, oldest commit first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from picket.detection import Hit
from picket.detection.report import Occurrence
from picket.scanning.result import SEVERITIES


@dataclass(frozen=True, slots=True)
class Finding:
    """A secret: its most telling hit, and where it occurs, oldest first."""

    identity: bytes = field(repr=False)
    best: Hit
    occurrences: tuple[Occurrence, ...]


def grouped(found: Iterable[Occurrence]) -> list[Finding]:
    """Group by secret. Commits of one second keep the order of the log, which is newest first."""
    places: dict[bytes, list[Occurrence]] = {}
    for each in found:
        places.setdefault(each.at.identity, []).append(each)
    return [_finding(identity, each) for identity, each in places.items()]


def made(committed: str) -> float:
    """Read when a commit was made, in seconds; what is no date (anybody may write one) comes first."""
    try:
        return datetime.fromisoformat(committed).timestamp()
    except (ValueError, OverflowError):
        return 0.0


def _finding(identity: bytes, places: list[Occurrence]) -> Finding:
    best = min((each.at.hit for each in places), key=_telling)
    oldest_last = sorted(places, key=lambda each: made(each.commit.committed), reverse=True)  # stable, as is the log
    return Finding(identity, best, tuple(oldest_last[::-1]))


def _telling(hit: Hit) -> tuple[float, int, str]:
    return (-hit.confidence, SEVERITIES.index(hit.severity), hit.rule.id)
