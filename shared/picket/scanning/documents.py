"""A finding as the JSON that every format is made from."""

from __future__ import annotations

from collections.abc import Mapping

from picket.detection.randomness import shannon_entropy
from picket.detection.record import evidence_of
from picket.detection.report import Occurrence
from picket.findings.identity import value_id
from picket.scanning.findings import Finding
from picket.scanning.known import fingerprint
from picket.scanning.result import Json
from picket.scanning.uris import uri


def finding_document(finding: Finding, key: bytes, odd: Mapping[str, bytes], *, redact: bool, hidden: str) -> Json:
    """Describe a finding. Its place, commit and fingerprint are those of the oldest occurrence.

    Args:
        finding: What was found.
        key: Key of the HMAC that is its id.
        odd: The bytes of paths that are not UTF-8, by what is shown in their place.
        redact: Leave the secret itself out.
        hidden: Why it is not to be shown; empty if it is.
    """
    hit, first = finding.best, finding.occurrences[0]
    return {
        "id": value_id(key, finding.identity),
        **evidence_of(hit),
        **_place(first, odd),
        **({} if redact else {"secret": hit.secret.decode("utf-8", "replace")}),
        "entropy": round(shannon_entropy(hit.secret), 2),
        "tags": list(hit.rule.tags),
        "doc_url": hit.rule.doc_url,
        "occurrences": [_place(each, odd) for each in finding.occurrences],
        "hidden": hidden,
    }


def _place(each: Occurrence, odd: Mapping[str, bytes]) -> Json:
    at, commit = each.at, each.commit
    return {
        "path": at.path,
        "uri": uri(at, odd),
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
