"""Score model v1.1: what an item costs, how costs become a score, and its caps.

Every constant is part of the model's version: changing one is a new version, and histories are never mixed.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

from picket.confidence import MIN_CONFIDENCE
from picket.findings.life import DUE_DAYS, State

MODEL = "v1.1"

BASE = {"critical": 10.0, "high": 5.0, "medium": 2.0, "low": 0.5, "unknown": 5.0, "info": 0.0}
"""Penalty by severity; what has no severity weighs as much as a high."""
CAPPING_CONFIDENCE = 0.8
"""From here on a finding caps the score; what is not shown unless asked for, below `MIN_CONFIDENCE`, costs nothing."""
LIVE_FACTOR = 1.5
PUBLIC_EXPOSURE, TEST_EXPOSURE = 1.25, 0.5
SCALE = 40.0
FINDINGS_WEIGHT, POSTURE_WEIGHT = 0.7, 0.3
CAPS = {"live": 49.0, "critical": 69.0, "overdue high": 79.0, "high": 84.0}
GRADES = (("A", 90.0), ("B", 80.0), ("C", 70.0), ("D", 60.0))
MIN_COVERAGE = 0.5
"""Below this share of fresh evidence there is no grade: unknown is not good."""
RESIDUE, RESIDUE_HALF_LIFE_DAYS, RESIDUE_GONE_DAYS = 0.25, 30.0, 90.0


@dataclass(frozen=True, slots=True)
class Item:
    """What moves a score: a finding, reduced to what the model looks at.

    Ages are in days, from the beginning of the present episode; `due_days` is how long it may stay open,
    `exploitability` an EPSS probability, `is_live` a verified secret or a known exploited vulnerability,
    `resolved_days` how long ago it was fixed, `leaves_residue` whether it goes on costing for a while after that.
    """

    id: str
    label: str
    severity: str
    confidence: float = 1.0
    age_days: float = 0.0
    exploitability: float = 0.0
    is_live: bool = False
    is_public: bool = False
    is_test: bool = False
    standing: State = "open"
    resolved_days: float = 0.0
    leaves_residue: bool = True
    due_days: float = 0.0

    @property
    def is_overdue(self) -> bool:
        """Whether it is open for longer than its severity allows."""
        return self.age_days > self.allowed_days

    @property
    def allowed_days(self) -> float:
        """How many days it may stay open."""
        return self.due_days or DUE_DAYS[self.severity]


def penalty(item: Item, *, with_exemptions: bool = True) -> float:
    """Return what *item* costs: base x exploit x age x confidence x exposure.

    Args:
        item: The item.
        with_exemptions: Whether an accepted item costs nothing.
    """
    if item.standing == "false-positive" or (item.standing == "accepted" and with_exemptions):
        return 0.0
    allowed = item.allowed_days
    exploit = LIVE_FACTOR if item.is_live else 1.0 + 0.5 * item.exploitability
    age = 1.0 + min(1.0, max(0.0, item.age_days - allowed) / allowed)
    confidence = min(1.0, item.confidence) if item.confidence >= MIN_CONFIDENCE else 0.0
    exposure = TEST_EXPOSURE if item.is_test else PUBLIC_EXPOSURE if item.is_public else 1.0
    return BASE[item.severity] * exploit * age * confidence * exposure * _residue(item)


def cap_of(item: Item, *, with_exemptions: bool = True) -> str:
    """Name the cap that *item* puts on the score; empty for none."""
    if item.standing in {"fixed", "false-positive"} or (item.standing == "accepted" and with_exemptions):
        return ""
    if item.is_live:
        return "live"
    if item.confidence < CAPPING_CONFIDENCE:
        return ""
    if item.severity == "high":
        return "overdue high" if item.is_overdue else "high"
    return "critical" if item.severity == "critical" else ""


def combine(total: float, caps: Counter[str], posture: float) -> float:
    """Turn penalties and posture into a score.

    Args:
        total: Sum of penalties.
        caps: How many items put each cap.
        posture: 0 to 100.

    Returns:
        0 to 100.
    """
    findings = 100.0 * math.exp(-total / SCALE)
    ceiling = min((CAPS[name] for name, count in caps.items() if count > 0 and name), default=100.0)
    return min(ceiling, FINDINGS_WEIGHT * findings + POSTURE_WEIGHT * posture)


def grade(score: float, coverage: float) -> str:
    """Return A to F, or "unknown" where too little is known (`coverage` is the share of fresh evidence, 0 to 1)."""
    if coverage < MIN_COVERAGE:
        return "unknown"
    return next((letter for letter, floor in GRADES if score >= floor), "F")


def _residue(item: Item) -> float:
    """A rotated secret goes on costing a part, since it was out: 25 %, halved every 30 days, gone at 90."""
    if item.standing != "fixed":
        return 1.0
    if not item.leaves_residue or item.resolved_days >= RESIDUE_GONE_DAYS:
        return 0.0
    return RESIDUE * math.pow(0.5, item.resolved_days / RESIDUE_HALF_LIFE_DAYS)
