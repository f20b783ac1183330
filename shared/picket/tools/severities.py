"""How grave a problem is, in the words and numbers that tools use."""

from __future__ import annotations

from collections.abc import Iterable

from picket.events import Severity

UNKNOWN: Severity = "medium"
"""What counts where a tool does not say: unknown is not harmless."""
_NAMED: dict[str, Severity] = {
    "critical": "critical",
    "blocker": "critical",
    "high": "high",
    "important": "high",
    "error": "high",
    "major": "high",
    "medium": "medium",
    "moderate": "medium",
    "warning": "medium",
    "minor": "low",
    "low": "low",
    "style": "low",
    "note": "low",
    "negligible": "info",
    "info": "info",
    "informational": "info",
    "none": "info",
}
_RISING: tuple[Severity, ...] = ("info", "low", "medium", "high", "critical")
_BANDS: tuple[tuple[float, Severity], ...] = ((9.0, "critical"), (7.0, "high"), (4.0, "medium"), (0.1, "low"))
"""CVSS v3's bands."""
_HIGHEST_SCORE = 10.0
UNTOLD = 0.8
"""The confidence that counts where a tool does not say."""
_CONFIDENCES = {"high": 0.9, "medium": 0.7, "low": 0.4}


def named(word: str) -> Severity:
    """Return the severity that a tool calls *word*; `UNKNOWN` for any other word and for none."""
    return _NAMED.get(word.strip().lower(), UNKNOWN)


def gravest(words: Iterable[str]) -> Severity:
    """Return the highest severity that *words* name; `UNKNOWN` where none of them is a severity."""
    told = [_NAMED[word.strip().lower()] for word in words if word.strip().lower() in _NAMED]
    return max(told, key=_RISING.index, default=UNKNOWN)


def scored(score: float) -> Severity | None:
    """Return the severity of a CVSS score from 0 to 10; None for any other number."""
    if not 0.0 <= score <= _HIGHEST_SCORE:
        return None
    return next((name for floor, name in _BANDS if score >= floor), "info")


def certain(word: str) -> float:
    """Return the confidence that a tool calls *word*: high, medium or low; `UNTOLD` for any other word."""
    return _CONFIDENCES.get(word.strip().lower(), UNTOLD)
