"""From findings as the store keeps them to items as the model sees them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from picket.findings.kinds import KINDS
from picket.findings.life import DUE_DAYS, opened_at, state_of
from picket.scoring.model import BASE, Item

# Folders and names that test code and fixtures live under in the common languages' conventions.
_TEST_PATH = re.compile(
    r"(?:^|/)(?:tests?|__tests__|testdata|fixtures?|specs?|examples?|mocks?)/|(?:^|/)test_[^/]*$|[._-](?:test|spec)\.[a-z]+$",
    re.IGNORECASE,
)


def item(
    finding: Mapping[str, Any], repository: Mapping[str, Any], now: datetime, due_days: Mapping[str, int] = DUE_DAYS
) -> Item:
    """Reduce a finding to what the model looks at.

    Args:
        finding: As stored.
        repository: As stored.
        now: The time it is judged for.
        due_days: How long a finding may stay open, by severity.
    """
    severity = finding["severity"] if finding["severity"] in BASE else "unknown"
    path = finding["first"]["path"]
    kind = KINDS.get(finding.get("kind", ""))
    return Item(
        id=finding["_id"],
        label=_label(finding, path),
        severity=severity,
        confidence=finding["confidence"],
        age_days=_days(opened_at(finding), now),
        exploitability=finding.get("exploitability", 0.0),
        is_live=bool(finding.get("is_live")),
        is_public=repository.get("visibility") == "public",
        is_test=_TEST_PATH.search(path) is not None,
        standing=state_of(finding, now),
        resolved_days=_days(finding.get("resolved_at"), now),
        leaves_residue=kind is not None and kind.leaves_residue,
        due_days=due_days[severity],
    )


def _label(finding: Mapping[str, Any], path: str) -> str:
    if not path and finding.get("kind", "secret") != "secret":
        return str(finding["evidence"]["rule"])
    return f"{finding['evidence']['rule']} in {path or 'the message of a commit or tag'}"


def _days(since: str | None, now: datetime) -> float:
    return max(0.0, (now - datetime.fromisoformat(since)).total_seconds() / 86_400) if since else 0.0
