"""Keys by which findings are listed: text that begins with what is filtered by and ends with the finding's id.

A store that has indexes of single fields only reads a page of any combination of filters by ranges of one of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, get_args

from picket.events import Severity
from picket.findings.kinds import KINDS
from picket.findings.life import STATES, named

BANDS: tuple[tuple[str, float], ...] = (("0", 0.0), ("1", 0.5), ("2", 0.8), ("3", 1.0))
"""Names of bands of confidence, and where each begins."""
_OTHER = "other"
"""Stands for kinds that events of other senders name and the registry does not."""
END = "~"
"""Sorts after every id."""
_MOST_RANGES = 60
"""Ranges that a page is read from; what would take more matches most findings, and any order finds enough of them."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Read these ranges of `field`, each a prefix of the id; `left` are the filters that they do not answer."""

    field: str
    prefixes: tuple[str, ...]
    left: frozenset[str]


def keys(finding: Mapping[str, Any]) -> dict[str, str]:
    """Return the keys of a finding, as it is or is to be stored."""
    name, severity = finding["_id"], finding["severity"]
    kind = finding["kind"] if finding["kind"] in KINDS else _OTHER
    state, band = named(finding["state"]), _band(finding["confidence"])
    assignee = finding.get("assignee", "")
    return {
        "listed": f"{kind}|{severity}|{state}|{band}|{name}",
        "in_repository": f"{finding['repository']}|{kind}|{severity}|{state}|{band}|{name}",
        "of_repository": f"{finding['repository']}|{name}",
        "of_rule": f"{finding['evidence']['rule']}|{severity}|{state}|{band}|{name}",
        "assigned": f"{assignee}|{name}" if assignee else "",
        "closed": _closed(finding, state),
    }


def _closed(finding: Mapping[str, Any], state: str) -> str:
    """Return from when a closed finding is kept; empty where it is open, or where a scan would open it again.

    A secret stays in a history however long ago it was revoked, and what a person calls a false positive is reported
    again by the next report: those decisions are kept.
    """
    known = KINDS.get(finding["kind"])
    ends = known is not None and known.closes_by_report and state == "fixed" and finding.get("resolved_at")
    return f"at {finding['resolved_at']}" if ends else ""


def plan(filters: Mapping[str, Any]) -> Plan | None:
    """Return how to read a page by *filters*; None where no key helps.

    Args:
        filters: `repository`, `rule`, `kind`, `severity`, `assignee`: text; `state`: one of `STATES`;
            `min_confidence`: a number; `below`: likewise, for what is less than that.
    """
    if filters.get("assignee"):
        return Plan("assigned", (f"{filters['assignee']}|",), frozenset(filters) - {"assignee"})
    kinds = [filters["kind"]] if "kind" in filters else [*KINDS, _OTHER]
    severities = [filters["severity"]] if "severity" in filters else list(get_args(Severity))
    bands, is_exact = _bands(filters)
    answered = {"kind", "severity", "state"} | ({"min_confidence", "below"} if is_exact else set())
    field, parts = "listed", [kinds, severities, _states(filters), bands]
    if "repository" in filters:
        field, parts, answered = "in_repository", [[filters["repository"]], *parts], answered | {"repository"}
    elif "rule" in filters:
        field, parts, answered = "of_rule", [[filters["rule"]], *parts[1:]], (answered | {"rule"}) - {"kind"}
    prefixes = tuple("|".join((*each, "")) for each in product(*parts))
    if len(prefixes) <= _MOST_RANGES:
        return Plan(field, prefixes, frozenset(filters) - answered)
    if "repository" in filters:
        return Plan("of_repository", (f"{filters['repository']}|",), frozenset(filters) - {"repository"})
    return None


def _states(filters: Mapping[str, Any]) -> Sequence[str]:
    """Return the stored states of findings that may be in the state asked for: an acceptance may have run out."""
    if "state" not in filters:
        return STATES
    return ("open", "accepted") if filters["state"] == "open" else (filters["state"],)


def _bands(filters: Mapping[str, Any]) -> tuple[list[str], bool]:
    """Return the bands of confidence asked for, and whether they answer that filter exactly."""
    starts = [start for _, start in BANDS]
    if "below" in filters:
        return [name for name, start in BANDS if start < filters["below"]], filters["below"] in starts
    least = filters.get("min_confidence", 0.0)
    ends = [*starts[1:], 2.0]
    return [name for (name, _), end in zip(BANDS, ends, strict=True) if end > least], least in starts


def _band(confidence: float) -> str:
    return next(name for name, start in reversed(BANDS) if confidence >= start)
