"""From findings as the store keeps them to items as the model sees them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from picket.scoring.model import BASE, Item, Standing

# Folders and names that test code and fixtures live under in the common languages' conventions.
_TEST_PATH = re.compile(
    r"(?:^|/)(?:tests?|__tests__|testdata|fixtures?|specs?|examples?|mocks?)/|(?:^|/)test_[^/]*$|[._-](?:test|spec)\.[a-z]+$",
    re.IGNORECASE,
)


def item(finding: Mapping[str, Any], repository: Mapping[str, Any], now: datetime) -> Item:
    """Reduce *finding* of *repository* to what the model looks at, as of *now*."""
    severity = finding["severity"] if finding["severity"] in BASE else "unknown"
    path = finding["first"]["path"]
    return Item(
        id=finding["_id"],
        label=f"{finding['evidence']['rule']} in {path or 'the message of a commit or tag'}",
        severity=severity,
        confidence=finding["confidence"],
        age_days=_days(finding["created_at"], now),
        is_live=bool(finding.get("is_live")),
        is_public=repository.get("visibility") == "public",
        is_test=_TEST_PATH.search(path) is not None,
        standing=standing(finding, now),
        resolved_days=_days(finding.get("resolved_at"), now),
    )


def standing(finding: Mapping[str, Any], now: datetime) -> Standing:
    """Return the state of a finding as of *now*: an exemption that has run out no longer counts."""
    if finding["state"] == "exempt":
        return "exempt" if datetime.fromisoformat(finding["exemption"]["until"]) > now else "open"
    return "resolved" if finding["state"] == "resolved" else "open"


def _days(since: str | None, now: datetime) -> float:
    return max(0.0, (now - datetime.fromisoformat(since)).total_seconds() / 86_400) if since else 0.0
