"""The fields that rules can match on: what feedback shows them of a finding, its event, repository and scan.

A condition on a field that is never there holds never, or always: a rule that names one is refused.
"""

from __future__ import annotations

from difflib import get_close_matches

from picket.events import CommitBatchScanned, FindingReported, FindingVerified, ScanRequested

_EVIDENCE = (
    *("rule", "description", "provider", "credential", "severity", "confidence", "reasons", "redacted", "remediation"),
    *("component", "advisory", "resource", "cwe"),
)
_PLACE = ("commit", "path", "start_line", "start_column", "end_line", "end_column", "author", "email", "date")
_EXEMPTION = ("reason", "approver", "rule", "decided_at", "until")
_VERIFICATION = ("result", "at", "reason", "owner", "scopes")
_FINDING = (
    *("_id", "repository", "kind", "identity", "scan", "state", "created_at", "changed_at", "applied_rules"),
    *("exemption", *(f"exemption.{name}" for name in _EXEMPTION)),
    *("is_live", "verification", *(f"verification.{name}" for name in _VERIFICATION)),
    *("evidence", *_EVIDENCE, *(f"evidence.{name}" for name in _EVIDENCE)),
    *("first", *_PLACE, *(f"first.{name}" for name in _PLACE)),
)
_REPOSITORY = (
    *("_id", "name", "url", "forge_key", "visibility", "organization", "team", "teams", "criticality"),
    *("archived", "deleted", "created_at", "scanned_at", "history_scanned_at", "history_ruleset", "delivered_at"),
    *("unannounced_at", "vanished_at", "build_ref", "build_sha", "build_at", "build_error"),
)
_SCAN = (
    *("_id", "state", "commits", "ruleset", "created_at", "completed_at"),
    *(name for name in ScanRequested.model_fields if name != "scan"),
)
_SHOWN = {
    "finding": _FINDING,
    "event": (*CommitBatchScanned.model_fields, *FindingReported.model_fields, *FindingVerified.model_fields),
    "repository": _REPOSITORY,
    "scan": _SCAN,
}
FIELDS = frozenset(f"{source}.{name}" for source, names in _SHOWN.items() for name in names)
"""Names such as `finding.path`."""


def complaint(field: str) -> str:
    """Return what is wrong with the name of a field, and what it may be meant for; empty if it is one."""
    if field in FIELDS:
        return ""
    close = get_close_matches(field, sorted(FIELDS), cutoff=0.8)
    meant = f"; did you mean {' or '.join(close)}?" if close else f"; a field is of {', '.join(_SHOWN)}"
    return f"there is no field {field[:100]}{meant}"
