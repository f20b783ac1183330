"""What a probe says of itself, and the facts that probes judge by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

Outcome = Literal["pass", "fail", "unknown"]
Judged = tuple[Outcome, str]
"""An outcome, and why."""
Evidence = Literal["", "history", "recent"]
"""Of what a probe that passes is evidence: that the whole history was looked at, or that something was of late."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a repository is judged by: its document, times as RFC 3339; the ruleset digest in force; the time."""

    repository: Mapping[str, Any]
    ruleset: str
    now: datetime

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401 - as stored
        """Return a field of the repository; None if it has none."""
        return self.repository.get(name)


@dataclass(frozen=True, slots=True)
class Probe:
    """One check.

    Attributes:
        weight: Its share of posture; what does not pass counts 0.
        needs: Fields of the repository without any of which nothing is known: the outcome is then "unknown".
        judge: From the facts to an outcome and why.
        untold: Why the outcome is unknown where none of `needs` is there.
        remediation: What to do where it fails.
        link: Where that is described: a document of this repository and a heading, or a URL.
        evidence: See `Evidence`.
    """

    weight: float
    needs: tuple[str, ...]
    judge: Callable[[Facts], Judged]
    untold: str
    remediation: str
    link: str
    evidence: Evidence = ""


def fresh(facts: Facts, field: str, limit: timedelta, what: str) -> Judged:
    """Judge whether something has happened of late."""
    at = facts[field]
    if facts.now - datetime.fromisoformat(at) > limit:
        return "unknown", f"no {what} for more than {limit.days} days"
    return "pass", f"last {what} at {at}"
