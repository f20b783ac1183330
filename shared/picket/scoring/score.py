"""The score of a repository or team, with everything behind it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import cast

from picket.findings.stored import Cost
from picket.probes import posture
from picket.scoring.model import MODEL, Item, cap_of, combine, grade, penalty
from picket.scoring.stored import Delta, Evaluated, StoredCheck, Tally

_ROUNDING = 6
"""Decimals: a store may keep no more than 15 digits of a number, and what it gives back must compare as equal."""
_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Team:
    """A team's score: `members` are (repository, score, criticality)."""

    score: float | None
    grade: str
    members: tuple[tuple[str, float, float], ...]


def cost(item: Item) -> Cost:
    """Return what an item puts on a score: its penalty and cap, and both as they would be without its exemption."""
    return {
        "label": item.label,
        "severity": item.severity,
        "standing": item.standing,
        "penalty": round(penalty(item), _ROUNDING),
        "cap": cap_of(item),
        "bare_penalty": round(penalty(item, with_exemptions=False), _ROUNDING),
        "bare_cap": cap_of(item, with_exemptions=False),
    }


def tally(costs: Iterable[Cost], onto: Tally | None = None, *, sign: int = 1) -> Tally:
    """Sum up costs, in whole millionths of a point, so that what is added can be taken away again exactly.

    Args:
        costs: What items cost.
        onto: The tally to begin with; none: an empty one.
        sign: 1 to add, -1 to take away.

    Returns:
        `items`, their number; `total` and `bare` (without exemptions); how many put each cap: `caps` and `bare_caps`.
    """
    begin: Tally = onto or {"items": 0, "total": 0, "bare": 0, "caps": {}, "bare_caps": {}}
    items, total, bare = begin["items"], begin["total"], begin["bare"]
    caps, bare_caps = Counter[str](begin["caps"]), Counter[str](begin["bare_caps"])
    for one in costs:
        items += sign
        total += sign * _millionths(one["penalty"])
        bare += sign * _millionths(one["bare_penalty"])
        caps[one["cap"]] += sign
        bare_caps[one["bare_cap"]] += sign
    return {"items": items, "total": total, "bare": bare, "caps": _named(caps), "bare_caps": _named(bare_caps)}


def evaluate(weighs: Tally, checks: tuple[posture.Check, ...]) -> Evaluated:
    """Compute a repository's score.

    Args:
        weighs: The tally of everything that weighs on it.
        checks: Its posture.

    Returns:
        The score document: `score` (0 to 100), `exact`, `grade`, `coverage` (0 to 1), `posture`, `checks`,
        `score_without_exemptions`, and the `tally`. The scores are None where nothing was looked at, and the grade is
        "unknown" where the whole history was not.
    """
    rating, coverage = posture.rating(checks), posture.coverage(checks)
    score = round(_combined(weighs, rating), _ROUNDING)
    bare = combine(weighs["bare"] / _MILLION, Counter(weighs["bare_caps"]), rating)
    is_known = posture.is_looked_at(checks)
    return {
        "model": MODEL,
        "score": round(score, 1) if is_known else None,
        "exact": score if is_known else None,
        "grade": grade(score, coverage if posture.history_is_known(checks) else 0.0),
        "coverage": round(coverage, 3),
        "posture": round(rating, 1),
        "checks": [_stored(check) for check in checks],
        "score_without_exemptions": round(bare, 1) if is_known else None,
        "tally": weighs,
    }


def deltas(
    former: Evaluated | None, score: Evaluated, before: Mapping[str, Cost], after: Mapping[str, Cost]
) -> list[Delta]:
    """Attribute the change between two score documents to items.

    Posture first, then each item in the order of its id: each gets what the score moved when it was put in place, so
    the deltas sum to the change exactly.

    Args:
        former: The score before; None if there was none, which counts as a clean repository of the same posture.
        score: The score now.
        before: What the items that changed cost before, by id; those that are new are left out.
        after: What they cost now.
    """
    weighs = former["tally"] if former else tally(())
    value = _combined(weighs, former["posture"] if former else score["posture"])
    steps = [("posture", "posture", weighs)]
    for item in sorted({*before, *after}):
        old, new = before.get(item), after.get(item)
        if old != new:
            weighs = tally([new] if new else [], tally([old] if old else [], weighs, sign=-1))
            steps.append((item, _label(new or old), weighs))
    moved: list[Delta] = []
    for item, label, weighs in steps:
        now = _combined(weighs, score["posture"])
        if abs(now - value) > 10**-_ROUNDING:
            moved.append({"item": item, "label": label, "delta": round(now - value, _ROUNDING)})
        value = now
    return moved


def _stored(check: posture.Check) -> StoredCheck:
    return cast("StoredCheck", asdict(check))


def _label(one: Cost | None) -> str:
    return one["label"] if one else ""


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


def _combined(weighs: Tally, rating: float) -> float:
    return combine(weighs["total"] / _MILLION, Counter(weighs["caps"]), rating)


def _millionths(points: float) -> int:
    return round(points * _MILLION)


def _named(caps: Counter[str]) -> dict[str, int]:
    return {name: count for name, count in sorted(caps.items()) if name and count}


def _percentile(ordered: Sequence[float], share: float) -> float:
    """Interpolate linearly between the closest ranks."""
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)
