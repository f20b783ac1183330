"""Having providers asked about leaked credentials, and having these revoked: what follows is done in the background."""

from __future__ import annotations

import uuid
from typing import Literal

from flask import Blueprint, Response, jsonify, url_for
from pydantic import BaseModel, ConfigDict

from picket.api.bodies import read
from picket.effects import broker
from picket.effects.mongo import findings as store
from picket.effects.telemetry import note
from picket.errors import Conflict, Gone, Malformed
from picket.events import Envelope, VerificationRequested, now
from picket.findings.life import entry
from picket.findings.stored import Finding
from picket.orchestration import verified
from picket.runtime import access
from picket.verification import verifier_for

blueprint = Blueprint("verifications", __name__)


class RevocationOrder(BaseModel):
    """Confirms a revocation: whatever uses the credential stops working, and nothing brings it back."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    confirm: str


@blueprint.post("/findings/<wanted>/verify")
def verify(wanted: str) -> Response:
    """Have the provider asked whether the credential still works."""
    return _asked(_known(wanted), "verify")


@blueprint.post("/findings/<wanted>/revoke")
def revoke(wanted: str) -> Response:
    """Have the provider revoke the credential; `confirm` repeats the finding's id."""
    order, finding = read(RevocationOrder), _known(wanted)
    if order.confirm != finding["_id"]:
        raise Malformed("confirm: must be the id of the finding")
    verifier = verifier_for(finding["evidence"]["rule"])
    if verifier is None or verifier.revoke is None:
        raise Conflict("its provider offers no revocation that is known: revoke it there")
    line = {**entry(access.caller().name, now()), "comment": f"asked {verifier.provider} to revoke it"}
    verified.put(finding, {"entry": line})
    note("revocation asked for", finding=finding["_id"], caller=access.caller().name)
    return _asked(finding, "revoke")


def _asked(finding: Finding, action: Literal["verify", "revoke"]) -> Response:
    if verifier_for(finding["evidence"]["rule"]) is None:
        raise Conflict("nobody is known who could be asked about it")
    if not finding.get("kept"):
        raise Conflict("no copy of its file is kept: scan the repository in full again")
    at, by = now(), access.caller().name
    with broker.caused_by(Envelope(id=uuid.uuid4().hex, type="request", source="/picket/api")):
        broker.emit(
            VerificationRequested(repository=finding["repository"], finding=finding["_id"], action=action, by=by)
        )
    answer = jsonify({"finding": finding["_id"], "action": action, "requested_at": at})
    answer.status_code = 202
    answer.headers["Location"] = url_for("findings.show", wanted=finding["_id"])
    return answer


def _known(wanted: str) -> Finding:
    found = store.get(wanted)
    if found is None:
        raise Gone("no such finding")
    return found
