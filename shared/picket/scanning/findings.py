"""One finding for each secret, with all its occurrences, oldest first."""

from __future__ import annotations

from collections.abc import Iterable

from picket.detection import Hit
from picket.detection.age import rank
from picket.detection.report import Occurrence
from picket.records import dataclass, field
from picket.scanning.result import SEVERITIES


@dataclass(frozen=True, slots=True)
class Finding:
    """A secret: its most telling hit, and where it occurs, oldest first."""

    identity: bytes = field(repr=False)
    best: Hit
    occurrences: tuple[Occurrence, ...]


def grouped(found: Iterable[Occurrence]) -> list[Finding]:
    """Group by secret."""
    places: dict[bytes, list[Occurrence]] = {}
    for each in found:
        places.setdefault(each.at.identity, []).append(each)
    return [_finding(identity, each) for identity, each in places.items()]


def _finding(identity: bytes, places: list[Occurrence]) -> Finding:
    best = min((each.at.hit for each in places), key=_telling)
    return Finding(identity, best, tuple(sorted(places, key=_rank)))


def _rank(each: Occurrence) -> tuple[bool, str]:
    """Order by age, what no commit holds last: nobody knows how old it is."""
    commit, at = each.commit, each.at
    return not commit.sha, rank(commit.committed, commit.sha, at.path, at.start_line, at.start_column)


def _telling(hit: Hit) -> tuple[float, int, str]:
    return (-hit.confidence, SEVERITIES.index(hit.severity), hit.rule.id)
