"""Bitbucket Data Center's Code Insights: a report on a commit, and an annotation for each finding.

Annotations that are sent twice are there twice, so the report is deleted, which takes them along, and made anew each
time. It is deleted while findings are looked for, too: no report is no all-clear.

Source: https://developer.atlassian.com/server/bitbucket/rest/v1000/api-group-builds-and-deployments/ (insights),
https://developer.atlassian.com/server/bitbucket/how-tos/code-insights/
"""

from __future__ import annotations

from http import HTTPStatus

from picket.forges.bitbucket.review import details_of, message_of, pieces, place_of, report_of, title_of
from picket.forges.bitbucket_datacenter.commits import of_commit
from picket.forges.request import Request, with_json
from picket.forges.reviewing import Ask, Keep, Kept, Remark, Review, Steps

_LONGEST_MESSAGE = 2_000
_SEVERITIES = {"critical": "HIGH", "high": "HIGH", "medium": "MEDIUM"}
_REPORT = "report"
_ABSENT = frozenset({HTTPStatus.NOT_FOUND})
_FULL = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.CONFLICT})


def review(wanted: Review, known: Kept) -> Steps:
    """Show findings.

    How many annotations a report may have is a setting of the server, which refuses a request that would lead to more:
    what came before it stays, and the report says how many there are.
    """
    name, is_pending = report_of(wanted), wanted.status.state == "pending"
    report = f"{of_commit(wanted.commit, 'insights')}/reports/{name}"
    if is_pending and not known:
        return
    yield Ask(Request("DELETE", report), _ABSENT)
    if is_pending:
        yield Keep({})
        return
    if not known:
        yield Keep({_REPORT: name})
    yield Ask(with_json("PUT", report, _report(wanted)))
    for count, some in enumerate(pieces(wanted.remarks)):
        told = {"annotations": [_annotation(remark) for remark in some]}
        reply = yield Ask(with_json("POST", f"{report}/annotations", told), _FULL if count else frozenset())
        if reply.status in _FULL:
            return


def _report(wanted: Review) -> dict[str, object]:
    result = "PASS" if wanted.status.state == "success" else "FAIL"
    told: dict[str, object] = {"title": title_of(wanted), "details": details_of(wanted), "result": result}
    told |= {"reporter": "Picket", **({"link": wanted.status.url} if wanted.status.url else {})}
    return told | {"data": [{"title": "New findings", "type": "NUMBER", "value": len(wanted.remarks)}]}


def _annotation(remark: Remark) -> dict[str, object]:
    told: dict[str, object] = {"externalId": f"picket-{remark.finding}", "type": "VULNERABILITY"}
    told |= {"message": message_of(remark, _LONGEST_MESSAGE), "severity": _SEVERITIES.get(remark.severity, "LOW")}
    return told | ({"link": remark.url} if remark.url else {}) | place_of(remark)
