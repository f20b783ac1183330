"""Bitbucket Cloud's Code Insights: a report on a commit, and an annotation for each finding.

An annotation that is sent again under its id replaces the one before. Where one is to go, the report is deleted, which
takes all of them along, and made anew: no report is no all-clear, and one request cannot end half-way. Which
annotations may be there is kept before they are sent.

Source: https://developer.atlassian.com/cloud/bitbucket/rest/api-group-reports/
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from http import HTTPStatus

from picket.forges.bitbucket.commits import of_commit
from picket.forges.request import Request, with_json
from picket.forges.reviewing import Ask, Keep, Kept, Remark, Review, Steps, plain
from picket.forges.status import State

_MOST = 1_000
"""Annotations of a report."""
_AT_ONCE = 100
"""Annotations of a request. Source: https://github.com/mc1arke/sonarqube-community-branch-plugin/issues/209"""
_LONGEST_SUMMARY = 450
_LONGEST_DETAILS = 2_000
_LONGEST_PATH = 2_000
_RESULTS: dict[State, str] = {"pending": "PENDING", "success": "PASSED", "failure": "FAILED", "error": "FAILED"}
_SEVERITIES = {"critical": "CRITICAL", "high": "HIGH", "medium": "MEDIUM"}
_NOTHING_SAID = "leaked credential"


def review(wanted: Review, known: Kept) -> Steps:
    """Show findings; while they are still looked for, what was shown before stays, under a report that is pending."""
    name = report_of(wanted)
    report, shown = f"{of_commit(wanted.commit)}/reports/{name}", wanted.remarks[:_MOST]
    is_pending = wanted.status.state == "pending"
    present = dict.fromkeys((remark.finding for remark in shown), "")
    if not is_pending and known.keys() - present.keys():
        yield Ask(Request("DELETE", report), frozenset({HTTPStatus.NOT_FOUND}))
    if not is_pending and known != present:
        yield Keep(present)
    yield Ask(with_json("PUT", report, _report(wanted)))
    for some in pieces(wanted.remarks):
        yield Ask(_with_list(f"{report}/annotations", [_annotation(name, remark) for remark in some]))


def report_of(wanted: Review) -> str:
    """Return the id of a report: a commit has one as that of a push, and one as the head of a pull request."""
    return wanted.commit.context.replace("/", "-")


def title_of(wanted: Review) -> str:
    """Return the title of a report."""
    return f"Leaked credentials ({wanted.commit.context})"


def details_of(wanted: Review) -> str:
    """Return what a report says: the status, and how many findings stand at no line for want of room."""
    left = len(wanted.remarks) - _MOST
    return f"{wanted.status.description}{f'; {left} more are not shown at lines' if left > 0 else ''}"


def pieces(remarks: Sequence[Remark]) -> Iterator[Sequence[Remark]]:
    """Return what a report has room for, as much as a request may hold at a time."""
    for start in range(0, min(len(remarks), _MOST), _AT_ONCE):
        yield remarks[start : min(start + _AT_ONCE, _MOST)]


def message_of(remark: Remark, longest: int) -> str:
    """Return what is said of a finding; never nothing, which is refused."""
    return plain(remark.text)[:longest].strip() or _NOTHING_SAID


def place_of(remark: Remark) -> dict[str, object]:
    """Return path and line; a path that no file of a forge has would have all annotations of a request refused."""
    if not remark.path or len(remark.path) > _LONGEST_PATH:
        return {}
    return {"path": remark.path, **({"line": remark.line} if remark.line > 0 else {})}


def _report(wanted: Review) -> dict[str, object]:
    told: dict[str, object] = {"title": title_of(wanted), "details": details_of(wanted), "report_type": "SECURITY"}
    told |= {"reporter": "Picket", "result": _RESULTS[wanted.status.state]}
    told |= {"link": wanted.status.url} if wanted.status.url else {}
    return told | {"data": [{"title": "New findings", "type": "NUMBER", "value": len(wanted.remarks)}]}


def _annotation(report: str, remark: Remark) -> dict[str, object]:
    summary, details = message_of(remark, _LONGEST_SUMMARY), message_of(remark, _LONGEST_DETAILS)
    told: dict[str, object] = {"external_id": f"{report}-{remark.finding}", "annotation_type": "VULNERABILITY"}
    told |= {"summary": summary, "severity": _SEVERITIES.get(remark.severity, "LOW"), "result": "FAILED"}
    told |= {"details": details} if details != summary else {}
    told |= {"link": remark.url} if remark.url else {}
    return told | place_of(remark)


def _with_list(url: str, annotations: Sequence[dict[str, object]]) -> Request:
    return Request("POST", url, {"Content-Type": "application/json"}, json.dumps(annotations).encode())
