"""What a scan on this machine comes to, as the JSON that every format is made from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from picket.detection.identity import secret_identity
from picket.detection.randomness import shannon_entropy
from picket.detection.report import Occurrence
from picket.scanning.findings import SEVERITIES, Finding
from picket.scanning.known import fingerprint
from picket.scanning.sieve import ACCEPTED, DOUBTFUL, IGNORED, REASONS
from picket.scanning.work import Problem

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Result:
    """Findings as documents, what was looked at, what could not be, and (with `--explain`) what was dropped and why.

    `rests_on` names the git directory and the files that nothing but a change of would make it another; None where
    more went into it.
    """

    findings: list[Json]
    stats: Json
    errors: list[Json]
    dropped: list[Json]
    rests_on: tuple[str, tuple[str, ...]] | None = None

    @property
    def document(self) -> Json:
        """The whole as one JSON object."""
        told = {"findings": self.findings, "stats": self.stats, "errors": self.errors}
        return {**told, "dropped": self.dropped} if self.dropped else told


def result_of(findings: Sequence[Json], stats: Json, errors: Sequence[Json], dropped: Sequence[Json]) -> Result:
    """Put a result together.

    Args:
        findings: Documents, those that are not to be shown marked so.
        stats: What was looked at.
        errors: What could not be.
        dropped: Candidates that came to nothing; with them come the findings that are not shown.
    """
    counts = {reason: sum(finding["hidden"] == reason for finding in findings) for reason in REASONS}
    shown = [{**finding} for finding in sorted(findings, key=gravest_first) if not finding["hidden"]]
    for finding in shown:
        del finding["hidden"]
    return Result(shown, stats | counts, list(errors), list(dropped))


def finding_document(finding: Finding, key: bytes, *, redact: bool, hidden: str) -> Json:
    """Describe a finding. Its place, commit and fingerprint are those of the oldest occurrence.

    Args:
        finding: What was found.
        key: Key of the HMAC that is its id.
        redact: Leave the secret itself out.
        hidden: Why it is not to be shown; empty if it is.
    """
    hit, first = finding.best, finding.occurrences[0]
    rule = hit.rule
    return {
        "id": secret_identity(key, finding.identity),
        "rule": rule.id,
        "description": rule.description,
        "provider": rule.provider,
        "credential": rule.credential,
        "severity": hit.severity,
        "confidence": hit.confidence,
        "reasons": list(hit.reasons),
        **_place(first),
        "redacted": hit.redacted,
        **({} if redact else {"secret": hit.secret.decode("utf-8", "replace")}),
        "entropy": round(shannon_entropy(hit.secret), 2),
        "tags": list(rule.tags),
        "remediation": rule.remediation,
        "doc_url": rule.doc_url,
        "occurrences": [_place(each) for each in finding.occurrences],
        "hidden": hidden,
    }


def gravest_first(finding: Json) -> tuple[int, float, str, str, int]:
    """Order findings by severity, then confidence, rule and place."""
    severity = SEVERITIES.index(finding["severity"])
    return (severity, -finding["confidence"], finding["rule"], finding["path"], finding["start_line"])


def problem_documents(problems: Iterable[Problem]) -> list[Json]:
    """Describe what could not be scanned."""
    return [{"path": each.path, "blob": each.blob, "reason": each.reason} for each in problems]


def hidden_documents(findings: Iterable[Json]) -> list[Json]:
    """Describe the findings that are not shown, as candidates that were dropped."""
    return [
        {"path": each["path"], "line": each["start_line"], "rule": each["rule"], "reason": _WORDS[each["hidden"]]}
        for each in findings
        if each["hidden"]
    ]


_WORDS = {
    DOUBTFUL: "below the least confidence",
    ACCEPTED: "its secret is in a baseline",
    IGNORED: "an ignore file names it",
}


def _place(each: Occurrence) -> Json:
    at, commit = each.at, each.commit
    return {
        "path": at.path,
        "start_line": at.start_line,
        "start_column": at.start_column,
        "end_line": at.end_line,
        "end_column": at.end_column,
        "commit": commit.sha,
        "author": commit.author,
        "email": commit.email,
        "date": commit.date,
        "committed": commit.committed,
        "fingerprint": fingerprint(each),
    }
