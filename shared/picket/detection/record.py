"""A report as the store keeps it: no raw secret, ids that stay the same however the batches are cut."""

from __future__ import annotations

from picket.detection.age import rank
from picket.detection.model import Hit
from picket.detection.report import Occurrence, Report
from picket.findings.identity import finding_id, value_id
from picket.findings.stored import Evidence, NewFinding, NewOccurrence, StoredPlace

_SEVERITIES = ("critical", "high", "medium", "low", "info")


def documents(
    report: Report, key: bytes, *, repository: str, scan: str
) -> tuple[list[NewFinding], list[NewOccurrence]]:
    """Turn a report into finding and occurrence documents.

    Args:
        report: What the scan found.
        key: Key of every HMAC.
        repository: Id of the repository.
        scan: Id of the scan.

    Returns:
        One finding per secret, with its oldest occurrence and best evidence in the batch; all occurrences.
    """
    findings: dict[str, NewFinding] = {}
    occurrences: list[NewOccurrence] = []
    for item in report.occurrences:
        hit = item.at.hit
        identity = value_id(key, hit.identity)
        place = _place(item)
        finding: NewFinding = {
            "_id": finding_id(key, repository, "secret", identity),
            "repository": repository,
            "kind": "secret",
            "identity": identity,
            "scored_in": repository,
            "scan": scan,
            "severity": hit.severity,
            "confidence": hit.confidence,
            "first": place,
            "first_rank": place["rank"],
            "evidence": evidence_of(hit),
            "evidence_rank": _evidence_rank(hit),
        }
        findings[finding["_id"]] = _merged(findings.get(finding["_id"]), finding)
        occurrences.append(
            {**place, "finding": finding["_id"], "repository": repository, "scan": scan},
        )
    return list(findings.values()), occurrences


def _merged(known: NewFinding | None, found: NewFinding) -> NewFinding:
    if known is None:
        return found
    merged = known.copy()
    if found["first_rank"] < known["first_rank"]:
        merged |= {"first": found["first"], "first_rank": found["first_rank"]}
    if found["evidence_rank"] < known["evidence_rank"]:
        merged |= {
            "evidence": found["evidence"],
            "evidence_rank": found["evidence_rank"],
            "severity": found["severity"],
            "confidence": found["confidence"],
        }
    return merged


def _place(item: Occurrence) -> StoredPlace:
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


def evidence_of(hit: Hit) -> Evidence:
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
