"""The JSON that gitleaks writes, one object an occurrence, for tools that read it."""

from __future__ import annotations

import json
from typing import Any

from picket.scanning.result import Result


def as_gitleaks(result: Result) -> str:
    """One object an occurrence. Source: gitleaks' `report.Finding`; what is not kept here is empty."""
    rows = [_row(finding, place) for finding in result.findings for place in finding["occurrences"]]
    return json.dumps(rows, indent=1) + "\n"


def _row(finding: dict[str, Any], place: dict[str, Any]) -> dict[str, Any]:
    secret = finding.get("secret", finding["redacted"])
    return {
        "RuleID": finding["rule"],
        "Description": finding["description"],
        "StartLine": place["start_line"],
        "EndLine": place["end_line"],
        "StartColumn": place["start_column"],
        "EndColumn": place["end_column"],
        "Match": secret,
        "Secret": secret,
        "File": place["path"],
        "SymlinkFile": "",
        "Commit": place["commit"],
        "Entropy": finding["entropy"],
        "Author": place["author"],
        "Email": place["email"],
        "Date": place["date"],
        "Message": "",
        "Tags": finding["tags"],
        "Fingerprint": place["fingerprint"],
    }
