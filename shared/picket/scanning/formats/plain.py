"""JSON, JSON lines and CSV."""

from __future__ import annotations

import csv
import io
import json

from picket.scanning.result import Result

_COLUMNS = (
    *("id", "rule", "provider", "credential", "severity", "confidence", "reasons", "path", "start_line"),
    *("start_column", "end_line", "end_column", "commit", "author", "email", "date", "redacted", "secret"),
    *("fingerprint", "occurrences"),
)
_OF_SOME = ("unreachable", "blob")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_json(result: Result) -> str:
    """One object: findings, stats, errors."""
    return json.dumps(result.document, indent=2) + "\n"


def as_jsonl(result: Result) -> str:
    """One finding a line."""
    return "".join(json.dumps(finding) + "\n" for finding in result.findings)


def as_csv(result: Result) -> str:
    """One finding a row, with the number of its occurrences.

    What a spreadsheet would take for a formula gets an apostrophe in front. Source: OWASP, CSV injection.
    """
    out = io.StringIO()
    shows_secret = any("secret" in finding for finding in result.findings)
    columns = [name for name in _COLUMNS if name != "secret" or shows_secret]
    columns += [name for name in _OF_SOME if any(name in finding for finding in result.findings)]
    rows = csv.writer(out)
    rows.writerow(columns)
    for finding in result.findings:
        known = {**finding, "reasons": "; ".join(finding["reasons"]), "occurrences": len(finding["occurrences"])}
        rows.writerow([_inert(known.get(name, "")) for name in columns])
    return out.getvalue()


def _inert(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
