"""The score of a repository or team, with everything behind it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from picket.scoring import posture
from picket.scoring.model import MODEL, Item, cap_of, combine, grade, penalty

_ROUNDING = 6


@dataclass(frozen=True, slots=True)
class Team:
    """A team's score: `members` are (repository, score, criticality)."""

    score: float | None
    grade: str
    members: tuple[tuple[str, float, float], ...]


def evaluate(items: Sequence[Item], checks: tuple[posture.Check, ...]) -> dict[str, Any]:
    """Compute a repository's score.

    Args:
        items: Everything that weighs on it.
        checks: Its posture.

    Returns:
        The score document: `score` (0 to 100), `grade`, `coverage` (0 to 1), `posture`, `checks`,
        `score_without_exemptions`, and `items` by id with what each costs and which cap it puts.
    """
    rating, coverage = posture.rating(checks), posture.coverage(checks)
    costed = {
        item.id: {
            "label": item.label,
            "severity": item.severity,
            "standing": item.standing,
            "penalty": round(penalty(item), _ROUNDING),
            "cap": cap_of(item),
        }
        for item in items
    }
    score = _score(costed, rating)
    bare = combine(
        sum(penalty(item, with_exemptions=False) for item in items),
        Counter(cap_of(item, with_exemptions=False) for item in items),
        rating,
    )
    return {
        "model": MODEL,
        "score": round(score, 1),
        "exact": score,
        "grade": grade(score, coverage),
        "coverage": round(coverage, 3),
        "posture": round(rating, 1),
        "checks": [asdict(check) for check in checks],
        "score_without_exemptions": round(bare, 1),
        "items": costed,
    }


def deltas(former: Mapping[str, Any] | None, score: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Attribute the change between two score documents to items.

    Posture first, then each item in the order of its id: each gets what the score moved when it was put in place, so
    the deltas sum to the change exactly.

    Args:
        former: The score before; None if there was none, which counts as a clean repository of the same posture.
        score: The score now.
    """
    before = dict(former["items"]) if former else {}
    rating = former["posture"] if former else score["posture"]
    total, caps = _totals(before)
    value = combine(total, caps, rating)
    moved: list[dict[str, Any]] = []

    def note(item: str, label: str, after: float) -> None:
        if abs(after - value) > 10**-_ROUNDING:
            moved.append({"item": item, "label": label, "delta": round(after - value, _ROUNDING)})

    after = combine(total, caps, score["posture"])
    note("posture", "posture", after)
    value = after
    for item in sorted({*before, *score["items"]}):
        old, new = before.get(item), score["items"].get(item)
        if old == new:
            continue
        total += (new["penalty"] if new else 0.0) - (old["penalty"] if old else 0.0)
        caps.subtract([old["cap"]] if old else [])
        caps.update([new["cap"]] if new else [])
        after = combine(total, caps, score["posture"])
        note(item, (new or old or {})["label"], after)
        value = after
    return moved


def evaluate_team(members: Sequence[tuple[str, float, float]]) -> Team:
    """Compute a team's score: 0.75 x the criticality-weighted mean + 0.25 x the 10th percentile.

    Args:
        members: (repository, score, criticality) of each repository that has a score.
    """
    if not members:
        return Team(None, "unknown", ())
    weight = sum(criticality for _, _, criticality in members)
    mean = sum(score * criticality for _, score, criticality in members) / weight
    value = 0.75 * mean + 0.25 * _percentile(sorted(score for _, score, _ in members), 0.1)
    return Team(round(value, 1), grade(value, 1.0), tuple(members))


def _score(items: Mapping[str, Any], rating: float) -> float:
    total, caps = _totals(items)
    return combine(total, caps, rating)


def _totals(items: Mapping[str, Any]) -> tuple[float, Counter[str]]:
    return sum(item["penalty"] for item in items.values()), Counter(item["cap"] for item in items.values())


def _percentile(ordered: Sequence[float], share: float) -> float:
    """Interpolate linearly between the closest ranks."""
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)
