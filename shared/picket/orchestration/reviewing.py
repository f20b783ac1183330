"""Showing new findings at their lines on forges that support it, kept in step with decisions on them."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass, field

from picket.commits.refs import PULL_REQUESTS
from picket.effects.forge import reviews
from picket.effects.forge import statuses as forge
from picket.effects.mongo import repositories, statuses
from picket.effects.mongo.documents import Scan
from picket.effects.mongo.statuses import StoredStatus
from picket.effects.telemetry import note
from picket.errors import PermanentError
from picket.findings.stored import Finding
from picket.forges import FORGES
from picket.forges.reviewing import Remark, Review, plain
from picket.forges.status import Commit, Status
from picket.settings import settings

_NUMBER = re.compile(rf"(?:{'|'.join(PULL_REQUESTS)})/([0-9]{{1,9}})/")
_MOST = 500
"""Remarks of one commit; what is beyond is in the number that its status gives."""
_LONGEST = 600
"""Characters of a remark."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be said of a commit: its status, the ids of all findings that it has brought, and those still open."""

    status: Status
    brought: set[str]
    open: list[Finding] = field(default_factory=list)


def carries(access: forge.Access) -> bool:
    """Return whether what is shown at lines has the status as well."""
    return FORGES[access[0]].reporting.carries(access[1].get_secret_value())


def is_shown(name: str, scan: Scan, known: StoredStatus, verdict: Verdict) -> bool:
    """Return whether a forge's remarks are up to date; always true for a forge without remarks."""
    return FORGES[name].reporting.review is None or known.get("reviewed") == _digest(scan, verdict)


def show(access: forge.Access, scan: Scan, commit: Commit, known: StoredStatus, verdict: Verdict) -> None:
    """Show what a commit has introduced as remarks at its lines.

    A refusal is left at that until there is something else to show: the status, which is set apart, follows what is
    decided whatever becomes of lines. A token may have been made for statuses alone.

    Raises:
        PicketError: As `reviews.show`; of PermanentErrors, only where nothing else holds the status.
    """
    review = Review(known["_id"], commit, _number(scan), verdict.status, _remarks(verdict), carried=carries(access))

    def keep(what: object) -> None:
        statuses.keep_review(known["_id"], dict(what))  # type: ignore[call-overload]

    try:
        reviews.show(access[0], review, known.get("review", {}), access[1], keep)
    except PermanentError as error:
        if review.carried:
            raise
        note("findings not shown at their lines", repository=scan["repository"], reason=str(error))
    else:
        note("findings shown at their lines", repository=scan["repository"], findings=len(review.remarks))
    if (
        review.number
        and verdict.status.state != "pending"
        and forge.uploads(repositories.known(scan["repository"])["name"])
    ):
        _upload(access, scan, review)
    statuses.reviewed(known["_id"], _digest(scan, verdict))


def _upload(access: forge.Access, scan: Scan, review: Review) -> None:
    try:
        if reviews.upload(access[0], review, access[1]):
            note("findings of a pull request uploaded", repository=scan["repository"], findings=len(review.remarks))
    except PermanentError as error:  # such as a repository without code scanning
        note("findings of a pull request not uploaded", repository=scan["repository"], reason=str(error))


def _number(scan: Scan) -> int:
    found = _NUMBER.match(scan["ref"])
    return int(found[1]) if found else 0


def _digest(scan: Scan, verdict: Verdict) -> str:
    shown = [asdict(remark) for remark in _remarks(verdict)]
    told = json.dumps([scan["ref"], asdict(verdict.status), shown], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()


def _remarks(verdict: Verdict) -> tuple[Remark, ...]:
    found = sorted(verdict.open, key=lambda one: (one["first"].get("path", ""), one["_id"]))
    return tuple(_remark(one) for one in found[:_MOST])


def _remark(finding: Finding) -> Remark:
    first, evidence, base = finding["first"], finding["evidence"], settings().web_url.rstrip("/")
    commit = first.get("commit", "")
    said = plain(f"{evidence['description']}. {evidence['remediation']}")[:_LONGEST]
    text = f"New in {commit[:12]}, severity {finding['severity']}: {said}"
    url = f"{base}/findings/{finding['_id']}" if base else ""
    return Remark(
        finding["_id"], first.get("path", ""), first.get("start_line", 0), commit, finding["severity"], text, url
    )
