"""Taking in tools' reports."""

from __future__ import annotations

import hashlib
import json
import re
import uuid

from flask import Blueprint, Response, jsonify, request, url_for

from picket.api.naming import known_repository
from picket.api.paging import paged
from picket.api.queries import OddQuery, given
from picket.components.assets import canonical
from picket.effects import broker
from picket.effects.mongo import assets, idempotency
from picket.effects.mongo import reports as store
from picket.effects.mongo.client import Document, members
from picket.effects.mongo.records import StoredReport
from picket.errors import Malformed, WrongMediaType
from picket.events import AssetType, Envelope
from picket.orchestration import reporting
from picket.runtime import access
from picket.runtime.intake import traceparent
from picket.tools import TOOLS
from picket.tools.reports import read

blueprint = Blueprint("reports", __name__)
MAX_BODY_BYTES = 25 * 1024 * 1024
_TYPES = frozenset(
    {"application/json", "application/sarif+json", "application/x-ndjson", "application/xml", "text/xml", "text/plain"}
)
_TOOL = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_COMMIT = re.compile(r"(?:[0-9a-f]{40}|[0-9a-f]{64})?")
_REF = re.compile(r"[^\x00-\x20\x7f~^:?*\[\\\\]{0,1024}")
_SHOWN = ("tool", "asset", "ref", "commit", "complete", "format", "tool_version", "state", "problems", "left_out")
_LATER = ("reason", "findings", "changed", "applied_as_complete", "not_applied_count", "not_applied", "finished_at")


@blueprint.post("/reports")
def add() -> Response:
    """Take in a tool's report; it becomes findings in the background."""
    query = given()
    asset, meant = _asset(query["asset_type"], _needed(query, "asset"))
    order = store.Order(
        asset=asset,
        tool=_fitting("tool", _needed(query, "tool").lower(), _TOOL),
        by=access.caller().name,
        ref=meant or _fitting("ref", query.get("ref", ""), _REF),
        commit=_fitting("commit", query.get("commit", ""), _COMMIT),
        complete=query["complete"],
    )
    if request.mimetype not in _TYPES:
        raise WrongMediaType(f"a report is sent as {' or '.join(sorted(_TYPES))}")
    body = request.get_data()
    if not body:
        raise Malformed("the report is empty")
    report = read(body, order.tool, query.get("format", ""), TOOLS)
    identity = _identity(order, body)
    trace = traceparent({name.lower(): value for name, value in request.headers})
    with broker.caused_by(Envelope(id=identity, type="report", source="/picket/api", traceparent=trace)):
        kept = reporting.take_in(identity, order, report, format=query.get("format", ""))
    answer = jsonify(view(kept))
    answer.status_code = 202
    answer.headers["Location"] = url_for("reports.show", wanted=identity)
    return answer


@blueprint.get("/reports")
def page() -> Response:
    """List reports, the newest first."""
    query = given()
    repository = known_repository(query["asset"]) if "asset" in query else ""
    found, cursor = paged(lambda after, limit: store.page(after, limit, repository), by="place")
    return jsonify({"reports": [view(one) for one in found], "next": cursor})


@blueprint.get("/reports/<wanted>")
def show(wanted: str) -> Response:
    """Tell what became of a report."""
    return jsonify(view(store.get(wanted)))


def view(report: StoredReport) -> Document:
    """Return a report as the API shows it."""
    shown = members(report, _SHOWN) | members(report, (name for name in _LATER if name in report))
    return {"id": report["_id"], "by": report["by"], "received_at": report["received_at"], **shown}


def _asset(asset_type: AssetType, named: str) -> tuple[str, str]:
    """Return the id of what a report is of, and which tag or digest of an image; it is recorded if it is new."""
    if asset_type == "repository":
        return known_repository(named), ""
    try:
        name, meant = canonical(asset_type, named)
    except Malformed as error:
        raise OddQuery("asset", str(error)) from None
    return assets.ensure(asset_type, name)["_id"], meant


def _needed(query: Document, name: str) -> str:
    if not query.get(name):
        raise OddQuery(name, f"{name} is needed")
    return str(query[name])


def _fitting(name: str, value: str, pattern: re.Pattern[str]) -> str:
    if not pattern.fullmatch(value):
        raise OddQuery(name, f"{name} does not fit {pattern.pattern}")
    return value


def _identity(order: store.Order, body: bytes) -> str:
    """Return the id of a report: the same one for the same Idempotency-Key, else a new one."""
    name = request.headers.get("Idempotency-Key", "")
    if not name:
        return f"rep-{uuid.uuid4().hex}"
    whole = hashlib.sha256(json.dumps(order.model_dump()).encode() + hashlib.sha256(body).digest()).hexdigest()
    hashed = hashlib.sha256(f"report|{access.caller().name}|{name}".encode()).hexdigest()
    idempotency.check(hashed, whole)
    return f"rep-{hashed[:32]}"
