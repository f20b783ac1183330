"""Deciding on findings, one or many, and approving what others have decided."""

from __future__ import annotations

import uuid

from flask import Blueprint, Response, jsonify, url_for
from pydantic import BaseModel, ConfigDict, Field, model_validator

from picket.api import findings
from picket.api.bodies import read
from picket.api.paging import paged
from picket.api.queries import given
from picket.effects import broker
from picket.effects.mongo import approvals
from picket.effects.mongo import findings as store
from picket.effects.mongo.client import Document, members
from picket.effects.mongo.records import Approval
from picket.errors import Busy, Conflict, Gone
from picket.events import Envelope, Severity
from picket.findings.life import State
from picket.findings.stored import Finding
from picket.orchestration import triage
from picket.orchestration.triage import Decision, Outcome
from picket.runtime import access

blueprint = Blueprint("triage", __name__)
MOST_AT_ONCE = 1_000
_MAX_TEXT = 2_000


class FindingOrder(BaseModel):
    """What to change of a finding; what is not given stays.

    `reason` is test-data, remediated, not-applicable, not-supported, false-positive, risk-accepted, or a text of your
    own; `until`, a date or time, is needed for `accepted`.
    """

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    state: State | None = None
    reason: str = Field(default="", max_length=_MAX_TEXT)
    comment: str = Field(default="", max_length=_MAX_TEXT)
    until: str = Field(default="", max_length=40)
    assignee: str | None = Field(default=None, max_length=200)

    def decision(self) -> Decision:
        """Return it as the caller's decision."""
        return Decision(
            access.caller().name, self.state, self.reason.strip(), self.comment.strip(), self.until, self.assignee
        )


class FindingFilter(BaseModel):
    """Which findings: all that match what is given, as for `GET /findings`."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    repository: str = ""
    kind: str = ""
    state: State | None = None
    severity: Severity | None = None
    rule: str = ""
    reporter: str = ""
    assignee: str | None = None
    value_id: str = ""
    scan: str = ""
    min_confidence: float = Field(default=0.0, ge=0, le=1)


class ActionOrder(BaseModel):
    """One change of up to 1,000 findings: those of `ids`, or those that match `filter`."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    change: FindingOrder
    ids: list[str] | None = Field(default=None, min_length=1, max_length=MOST_AT_ONCE)
    filter: FindingFilter | None = None
    dry_run: bool = Field(default=False, description="change nothing, and tell what would be")

    @model_validator(mode="after")
    def _names_findings(self) -> ActionOrder:
        if (self.ids is None) == (self.filter is None):
            raise ValueError("give either ids or filter")
        if self.filter is not None and not self.filter.model_dump(exclude_defaults=True):
            raise ValueError("filter: name at least one condition")
        return self


class ApprovalOrder(BaseModel):
    """What a second person decides."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    approve: bool
    comment: str = Field(default="", max_length=_MAX_TEXT)


@blueprint.patch("/findings/<wanted>")
def change(wanted: str) -> Response:
    """Decide on a finding; where the policy asks for a second person, 202 and an approval to be given."""
    decision = read(FindingOrder).decision()
    if store.get(wanted) is None:
        raise Gone("no such finding")
    with _by_a_person():
        outcome = triage.decide([wanted], decision)
    if wanted in outcome.refused:
        raise (Busy if "by others" in outcome.refused[wanted] else Conflict)(outcome.refused[wanted])
    if outcome.approval is not None:
        return _waiting(outcome.approval, approval_view(outcome.approval))
    return jsonify(findings.whole(_known(wanted)))


@blueprint.post("/findings/actions")
def change_many() -> Response:
    """Decide on up to 1,000 findings at once; refusals are told, and stop none of the others."""
    order = read(ActionOrder)
    names, is_more = (order.ids, False) if order.ids is not None else _matching(order.filter or FindingFilter())
    with _by_a_person():
        outcome = triage.decide(names, order.change.decision(), dry_run=order.dry_run)
    told = _told(outcome) | {"dry_run": order.dry_run, "matched": len(names), "is_more": is_more}
    return _waiting(outcome.approval, told) if outcome.approval is not None else jsonify(told)


@blueprint.get("/approvals")
def page() -> Response:
    """List decisions that wait for a second person, or all of them, the newest first."""
    query = given()
    found, cursor = paged(lambda after, limit: approvals.page(after, limit, decided=query["all"]), by="place")
    return jsonify({"approvals": [approval_view(one) for one in found], "next": cursor})


@blueprint.get("/approvals/<wanted>")
def show(wanted: str) -> Response:
    """Show one of them."""
    return jsonify(approval_view(approvals.get(wanted)))


@blueprint.post("/approvals/<wanted>")
def decide(wanted: str) -> Response:
    """Approve or deny what another person has decided."""
    order = read(ApprovalOrder)
    with _by_a_person():
        decided, outcome = triage.settle(
            approvals.get(wanted), access.caller().name, agrees=order.approve, comment=order.comment.strip()
        )
    return jsonify(approval_view(decided) | {"outcome": _told(outcome)})


def approval_view(approval: Approval) -> Document:
    """Return a decision that waits, or waited, as the API shows it."""
    told = members(approval, ("state", "asked_by", "asked_at", "decided_by", "decided_at", "comment"))
    return {"id": approval["_id"], "wanted": approval["wanted"], "findings": approval["findings"], **told}


def _by_a_person() -> broker.Caused:
    return broker.caused_by(Envelope(id=uuid.uuid4().hex, type="request", source="/picket/api"))


def _known(wanted: str) -> Finding:
    found = store.get(wanted)
    if found is None:
        raise Gone("no such finding")
    return found


def _waiting(approval: Approval, told: Document) -> Response:
    answer = jsonify(told)
    answer.status_code = 202
    answer.headers["Location"] = url_for("triage.show", wanted=approval["_id"])
    return answer


def _matching(which: FindingFilter) -> tuple[list[str], bool]:
    """Return the ids of the findings that match, as many as may be changed at once, and whether there are more."""
    filters = findings.filters_of(which.model_dump(exclude_defaults=True))
    found = findings.read(filters, "", MOST_AT_ONCE + 1)
    return [one["_id"] for one in found[:MOST_AT_ONCE]], len(found) > MOST_AT_ONCE


def _told(outcome: Outcome) -> Document:
    changed = [name for names in outcome.changed.values() for name in names]
    refused = [{"id": name, "detail": detail} for name, detail in outcome.refused.items()]
    told: Document = {
        "changed": changed,
        "unchanged": outcome.unchanged,
        "refused": refused,
        "waiting": outcome.waiting,
    }
    return told | ({"approval": approval_view(outcome.approval)} if outcome.approval else {})
