"""Secrets that come back: one that was fixed, and shows in a commit made after that, is open again."""

from __future__ import annotations

from datetime import UTC, datetime

from picket.effects.mongo import findings, occurrences
from picket.effects.telemetry import note
from picket.errors import Busy
from picket.findings.life import Move, moved, named
from picket.findings.stored import Finding


def reopened(found: list[Finding]) -> list[Finding]:
    """Open those of *found* that are fixed and were committed again since; return all of them as they are now.

    Raises:
        Busy: One is being changed by others.
    """
    return [_reopened(one) if _is_back(one) else one for one in found]


def _is_back(finding: Finding) -> bool:
    return named(finding["state"]) == "fixed" and occurrences.is_committed_after(finding["_id"], finding["resolved_at"])


def _reopened(finding: Finding) -> Finding:
    fields = moved(finding, Move("open", "scan", "picket", "it was committed again"), datetime.now(UTC))
    if not findings.change(finding, fields):
        raise Busy(f"finding {finding['_id']} is being changed by others")
    note("fixed finding is back", finding=finding["_id"], repository=finding["repository"])
    return findings.get_many([finding["_id"]])[0]
