"""From Kingfisher's JSON to problems. Besides the secret itself, commands to validate it hold it in clear."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from picket.findings.model import LeftOut, Place, Problem, Report
from picket.tools.places import below_top
from picket.tools.reading import Listed, Number, Part, Told, clipped, omitted, report, validated
from picket.tools.severities import certain

_VERIFIED = 0.99
_REDACTED = "[REDACTED"


class _Rule(Part):
    name: Told = ""
    id: str


class _Validation(Part):
    status: Told = ""


class _Finding(Part):
    snippet: Told = Field(default="", repr=False)
    confidence: Told = ""
    validation: _Validation = _Validation()
    line: Number = 0
    column_start: Number = 0
    column_end: Number = 0
    path: Told = ""


class _Match(Part):
    rule: _Rule
    finding: _Finding


class _Summary(Part):
    scan_partial: Number = 0
    scan_failed: Number = 0
    fetch_failed: Number = 0
    pending: Number = 0


class _Audit(Part):
    summary: _Summary = _Summary()


class _Metadata(Part):
    version: Told = Field(default="", alias="kingfisher_version")


class _Document(Part):
    findings: Listed[_Match]
    audit: _Audit | None = None
    metadata: _Metadata | None = None


def recognises(document: Any) -> bool:  # noqa: ANN401 - JSON
    """Return whether a document is Kingfisher's."""
    if not isinstance(document, dict) or not isinstance(document.get("findings"), list):
        return False
    metadata = document.get("metadata")
    return isinstance(metadata, dict) and "kingfisher_version" in metadata


def parse(document: Any, tool: str) -> Report:  # noqa: ANN401, ARG001 - JSON; all formats are read alike
    """Read a document.

    Raises:
        Malformed: It is not what Kingfisher writes; says where.
    """
    found = validated(_Document, document, "Kingfisher's JSON")
    return report(
        ((f"findings[{index}]", match) for index, match in enumerate(found.findings)),
        _problem,
        left_out=_unread(found.audit),
        version=found.metadata.version if found.metadata else "",
    )


def _unread(audit: _Audit | None) -> list[LeftOut]:
    """Return what its own account of the run says was not looked at."""
    told = audit.summary.model_dump() if audit else {}
    return [
        omitted(f"audit.summary.{name}", "Kingfisher did not look at everything")
        for name, count in told.items()
        if count
    ]


def _problem(match: _Match) -> Problem:
    """Make a problem of a match; columns are counted from 0, the end is the last character."""
    finding = match.finding
    is_verified = finding.validation.status.strip().lower() == "active credential"
    return Problem(
        kind="secret",
        rule=match.rule.id,
        title=clipped(match.rule.name),
        severity="critical" if is_verified else "high",
        confidence=_VERIFIED if is_verified else certain(finding.confidence),
        secret="" if finding.snippet.startswith(_REDACTED) else finding.snippet,
        places=(
            Place(
                path=below_top(finding.path),
                start_line=finding.line,
                end_line=finding.line,
                start_column=finding.column_start + 1,
                end_column=finding.column_end + 1,
            ),
        ),
    )
