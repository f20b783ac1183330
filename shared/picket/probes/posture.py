"""Posture: is a repository watched as it should be? A probe that does not pass counts 0."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from picket.probes import PROBES
from picket.probes.probe import Evidence, Facts, Outcome, Probe


@dataclass(frozen=True, slots=True)
class Check:
    """What a probe makes of a repository: outcome and weight, why, and what to do where it fails."""

    id: str
    weight: float
    outcome: Outcome
    reason: str
    remediation: str = ""
    link: str = ""
    evidence: Evidence = ""


def checks(repository: Mapping[str, Any], ruleset: str, now: datetime) -> tuple[Check, ...]:
    """Judge a repository by what is recorded of it.

    Args:
        repository: Its document; times are RFC 3339 text.
        ruleset: Ruleset digest in force.
        now: The time.
    """
    facts = Facts(repository, ruleset, now)
    return tuple(_check(name, probe, facts) for name, probe in PROBES.items())


def rating(found: tuple[Check, ...]) -> float:
    """Return the weighted share of checks that pass, 0 to 100."""
    return 100.0 * sum(c.weight for c in found if c.outcome == "pass") / sum(c.weight for c in found)


def coverage(found: tuple[Check, ...]) -> float:
    """Return the weighted share of checks there is fresh evidence for, 0 to 1."""
    return sum(c.weight for c in found if c.outcome != "unknown") / sum(c.weight for c in found)


def history_is_known(found: tuple[Check, ...]) -> bool:
    """Return whether the whole history was looked at; without that, nothing can be graded."""
    return not any(check.evidence == "history" and check.outcome == "unknown" for check in found)


def is_looked_at(found: tuple[Check, ...]) -> bool:
    """Return whether there is evidence of a look at the repository, whole or of late; without it there is no score."""
    return history_is_known(found) or any(check.evidence == "recent" and check.outcome == "pass" for check in found)


def _check(name: str, probe: Probe, facts: Facts) -> Check:
    is_told = not probe.needs or any(facts[field] for field in probe.needs)
    outcome, reason = probe.judge(facts) if is_told else ("unknown", probe.untold)
    return Check(name, probe.weight, outcome, reason, probe.remediation, probe.link, probe.evidence)
