"""Allow-lists in gitleaks' sense: which candidates a team has declared harmless."""

from __future__ import annotations

from collections.abc import Iterable

from picket.detection.evidence import Blob, Candidate
from picket.detection.linear import linear
from picket.detection.model import Allowlist


def _found(patterns: Iterable[str], text: bytes) -> bool:
    return any(linear(pattern).search(text) for pattern in patterns)


def skips_blob(lists: Iterable[Allowlist], blob: Blob) -> str:
    """Say which allow-list excludes a whole blob by its path or commit; empty when none does."""
    for each in lists:
        wants_value = each.regexes or each.stopwords
        outcomes = _outcomes_of_blob(each, blob)
        if each.target_rules or not outcomes or (each.condition == "AND" and wants_value):
            continue
        if _joined(each, outcomes):
            return _reason(each, "its path or commit")
    return ""


def allows(lists: Iterable[Allowlist], candidate: Candidate) -> str:
    """Say which allow-list declares a candidate harmless; empty when none does."""
    for each in lists:
        if each.target_rules and candidate.rule.id not in each.target_rules:
            continue
        outcomes = _outcomes_of_blob(each, candidate.blob) + _outcomes_of_value(each, candidate)
        if outcomes and _joined(each, outcomes):
            return _reason(each, "it")
    return ""


def _joined(allowlist: Allowlist, outcomes: list[bool]) -> bool:
    return all(outcomes) if allowlist.condition == "AND" else any(outcomes)


def _outcomes_of_blob(allowlist: Allowlist, blob: Blob) -> list[bool]:
    outcomes = []
    if allowlist.commits:
        outcomes.append(bool(blob.commit) and blob.commit in allowlist.commits)
    if allowlist.paths:
        outcomes.append(_found(allowlist.paths, blob.path_bytes))
    return outcomes


def _outcomes_of_value(allowlist: Allowlist, candidate: Candidate) -> list[bool]:
    outcomes = []
    if allowlist.regexes:
        targets = {"secret": candidate.secret, "match": candidate.match, "line": candidate.line}
        outcomes.append(_found(allowlist.regexes, targets[allowlist.regex_target]))
    if allowlist.stopwords:
        secret = candidate.text.lower()
        outcomes.append(any(word.lower() in secret for word in allowlist.stopwords))
    return outcomes


def _reason(allowlist: Allowlist, what: str) -> str:
    label = f" ({allowlist.description})" if allowlist.description else ""
    return f"an allow-list{label} names {what}"
