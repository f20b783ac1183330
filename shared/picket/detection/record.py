"""A report as the store keeps it: no raw secret, ids that stay the same however the batches are cut."""

from __future__ import annotations

from typing import Any

from picket.detection.age import rank
from picket.detection.model import Hit
from picket.detection.report import Occurrence, Report
from picket.findings.identity import finding_id, value_id

Document = dict[str, Any]

_SEVERITIES = ("critical", "high", "medium", "low", "info")


def documents(report: Report, key: bytes, batch: Document) -> tuple[list[Document], list[Document]]:
    """Turn a report into finding and occurrence documents.

    Args:
        report: What the scan found.
        key: Key of every HMAC.
        batch: The batch scanned: repository, scan, id.

    Returns:
        One finding per secret, with its oldest occurrence and best evidence in the batch; all occurrences.
    """
    findings: dict[str, Document] = {}
    occurrences: list[Document] = []
    for item in report.occurrences:
        hit = item.at.hit
        identity = value_id(key, hit.identity)
        place = _place(item)
        finding = {
            "_id": finding_id(key, batch["repository"], "secret", identity),
            "repository": batch["repository"],
            "kind": "secret",
            "identity": identity,
            "scored_in": batch["repository"],
            "scan": batch["scan"],
            "severity": hit.severity,
            "confidence": hit.confidence,
            "first": place,
            "first_rank": place["rank"],
            "evidence": evidence_of(hit),
            "evidence_rank": _evidence_rank(hit),
        }
        findings[finding["_id"]] = _merged(findings.get(finding["_id"]), finding)
        occurrences.append(
            {"finding": finding["_id"], "repository": batch["repository"], "scan": batch["scan"], **place}
        )
    return list(findings.values()), occurrences


def _merged(known: Document | None, found: Document) -> Document:
    if known is None:
        return found
    merged = dict(known)
    if found["first_rank"] < known["first_rank"]:
        merged |= {name: found[name] for name in ("first", "first_rank")}
    if found["evidence_rank"] < known["evidence_rank"]:
        merged |= {name: found[name] for name in ("evidence", "evidence_rank", "severity", "confidence")}
    return merged


def _place(item: Occurrence) -> Document:
    commit, at = item.commit, item.at
    return {
        "rank": rank(commit.committed, commit.sha, at.path, at.start_line, at.start_column),
        "commit": commit.sha,
        "path": at.path,
        "start_line": at.start_line,
        "start_column": at.start_column,
        "end_line": at.end_line,
        "end_column": at.end_column,
        "author": commit.author,
        "email": commit.email,
        "date": commit.date,
    }


def evidence_of(hit: Hit) -> Document:
    """Describe what a hit is, and why it is believed; no word of the secret itself."""
    rule = hit.rule
    return {
        "rule": rule.id,
        "description": rule.description,
        "provider": rule.provider,
        "credential": rule.credential,
        "severity": hit.severity,
        "confidence": hit.confidence,
        "reasons": list(hit.reasons),
        "redacted": hit.redacted,
        "remediation": rule.remediation,
    }


def _evidence_rank(hit: Hit) -> str:
    """Sort the most telling evidence first: confidence, then severity, then the rule's name to decide ties."""
    return f"{1 - hit.confidence:.3f}|{_SEVERITIES.index(hit.severity)}|{hit.rule.id}"
