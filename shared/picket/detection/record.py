"""A report as the store keeps it: no raw secret, ids that stay the same however the batches are cut."""

from __future__ import annotations

from typing import Any

from picket.detection.identity import finding_id, secret_identity
from picket.detection.report import Occurrence, Report

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
        identity = secret_identity(key, item.hit.identity)
        place = _place(item)
        finding = {
            "_id": finding_id(key, batch["repository"], "secret", identity),
            "repository": batch["repository"],
            "kind": "secret",
            "identity": identity,
            "scored_in": batch["repository"],
            "scan": batch["scan"],
            "severity": item.hit.severity,
            "confidence": item.hit.confidence,
            "first": place,
            "first_rank": place["rank"],
            "evidence": _evidence(item),
            "evidence_rank": _evidence_rank(item),
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
    commit = item.commit
    return {
        "rank": f"{commit.committed}|{commit.sha}|{item.path}|{item.start_line:09d}",
        "commit": commit.sha,
        "path": item.path,
        "start_line": item.start_line,
        "start_column": item.start_column,
        "end_line": item.end_line,
        "end_column": item.end_column,
        "author": commit.author,
        "email": commit.email,
        "date": commit.date,
    }


def _evidence(item: Occurrence) -> Document:
    rule = item.hit.rule
    return {
        "rule": rule.id,
        "description": rule.description,
        "provider": rule.provider,
        "credential": rule.credential,
        "severity": item.hit.severity,
        "confidence": item.hit.confidence,
        "reasons": list(item.hit.reasons),
        "redacted": item.hit.redacted,
        "remediation": rule.remediation,
    }


def _evidence_rank(item: Occurrence) -> str:
    """Sort the most telling evidence first: confidence, then severity, then the rule's name to decide ties."""
    return f"{1 - item.hit.confidence:.3f}|{_SEVERITIES.index(item.hit.severity)}|{item.hit.rule.id}"
