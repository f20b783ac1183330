"""Posture: is the repository watched as it should be? An expected check that is missing counts 0."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

Outcome = Literal["pass", "fail", "unknown"]

_HISTORY, _RECENT = "history-scanned", "recent-scan"
_FRESH_LOOK = timedelta(days=7)
_FRESH_DELIVERY = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Check:
    """One check's outcome, its weight, and why."""

    id: str
    weight: float
    outcome: Outcome
    reason: str


def checks(repository: dict[str, Any], ruleset: str, now: datetime) -> tuple[Check, ...]:
    """Judge a repository by what is recorded of it.

    Args:
        repository: Its document; times are RFC 3339 text.
        ruleset: Ruleset digest in force.
        now: The time.
    """
    return (
        _history(repository, ruleset),
        _scanned(repository, now),
        _delivers(repository, now),
        _unannounced(repository, now),
        _owner(repository),
    )


def rating(found: tuple[Check, ...]) -> float:
    """Return the weighted share of checks that pass, 0 to 100."""
    return 100.0 * sum(c.weight for c in found if c.outcome == "pass") / sum(c.weight for c in found)


def coverage(found: tuple[Check, ...]) -> float:
    """Return the weighted share of checks there is fresh evidence for, 0 to 1."""
    return sum(c.weight for c in found if c.outcome != "unknown") / sum(c.weight for c in found)


def history_is_known(found: tuple[Check, ...]) -> bool:
    """Return whether the whole history was looked at; without that, nothing can be graded."""
    return not any(check.id == _HISTORY and check.outcome == "unknown" for check in found)


def is_looked_at(found: tuple[Check, ...]) -> bool:
    """Return whether there is evidence of a look at the repository, whole or of late; without it there is no score."""
    return history_is_known(found) or any(check.id == _RECENT and check.outcome == "pass" for check in found)


def _history(repository: dict[str, Any], ruleset: str) -> Check:
    name, weight = _HISTORY, 10.0
    if repository.get("missing_refs"):
        return Check(name, weight, "unknown", f"its last scan was not whole: {repository['missing_refs']}")
    if not repository.get("history_scanned_at"):
        return Check(name, weight, "unknown", "its history was never scanned in full")
    if repository.get("history_ruleset") != ruleset:
        return Check(name, weight, "fail", "its history was scanned for older rules")
    return Check(name, weight, "pass", f"scanned in full at {repository['history_scanned_at']}")


def _scanned(repository: dict[str, Any], now: datetime) -> Check:
    return Check(_RECENT, 7.5, *_fresh(repository.get("scanned_at"), _FRESH_LOOK, now, "scan"))


def _delivers(repository: dict[str, Any], now: datetime) -> Check:
    return Check("webhook-delivers", 7.5, *_fresh(repository.get("delivered_at"), _FRESH_DELIVERY, now, "delivery"))


def _fresh(at: str | None, limit: timedelta, now: datetime, what: str) -> tuple[Outcome, str]:
    if not at:
        return "unknown", f"no {what} yet"
    if now - datetime.fromisoformat(at) > limit:
        return "unknown", f"no {what} for more than {limit.days} days"
    return "pass", f"last {what} at {at}"


def _unannounced(repository: dict[str, Any], now: datetime) -> Check:
    name, weight = "commits-announced", 5.0
    at = repository.get("unannounced_at")
    if at and now - datetime.fromisoformat(at) <= _FRESH_DELIVERY:
        return Check(name, weight, "fail", f"commits that no delivery announced at {repository['unannounced_at']}")
    if not repository.get("delivered_at"):
        return Check(name, weight, "unknown", "no deliveries to compare with")
    return Check(name, weight, "pass", "every commit was announced")


def _owner(repository: dict[str, Any]) -> Check:
    team = repository.get("team")
    return Check("owner-known", 2.5, "pass" if team else "fail", f"owned by {team}" if team else "no team owns it")
