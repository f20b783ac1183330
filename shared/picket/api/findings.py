"""Findings, redacted."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import Any

from flask import Blueprint, Response, jsonify, request

from picket.api.paging import paged
from picket.api.repositories import identity
from picket.effects.mongo import batches, scans
from picket.effects.mongo import findings as store
from picket.effects.mongo.client import Document
from picket.errors import Gone, Malformed
from picket.scoring.items import standing

blueprint = Blueprint("findings", __name__)
FILTERS = ("repository", "state", "severity", "rule", "scan")
_PAGING = {"limit", "after"}
_PLACE = ("path", "start_line", "start_column", "end_line", "end_column", "commit", "author", "email", "date")
_EVIDENCE = ("rule", "description", "provider", "credential", "reasons", "redacted", "remediation")


@blueprint.get("/findings")
def page() -> Response:
    """List findings."""
    unknown = set(request.args) - {*FILTERS, *_PAGING}
    if unknown:
        raise Malformed(f"unknown filter: {', '.join(sorted(unknown))[:100]}")
    filters: dict[str, Any] = {name: request.args[name] for name in FILTERS if name in request.args}
    if "repository" in filters:
        filters["repository"] = identity(filters["repository"])
    if "scan" in filters:
        found = batches.findings_of(scans.get(filters.pop("scan")))
        filters["ids"] = found
    documents, cursor = paged(partial(_read, filters))
    return jsonify({"findings": [view(finding) for finding in documents], "next": cursor})


def _read(filters: dict[str, Any], after: str, limit: int) -> list[Document]:
    """Read a page by the state that a finding has now: an exemption that has run out leaves it open."""
    wanted = filters.get("state")
    stored = {"open": {"$in": ["open", "exempt"]}}.get(wanted, wanted) if wanted else None
    which = {**filters, **({"state": stored} if stored else {})}
    found: list[Document] = []
    while len(found) < limit:
        page = store.page(which, after, limit)
        at = datetime.now(UTC)
        found += [finding for finding in page if not wanted or standing(finding, at) == wanted]
        if len(page) < limit:
            break
        after = page[-1]["_id"]
    return found[:limit]


@blueprint.get("/findings/<wanted>")
def show(wanted: str) -> Response:
    """Show one finding."""
    finding = store.get(wanted)
    if finding is None:
        raise Gone("no such finding")
    return jsonify(view(store.with_occurrences([finding])[0]))


def view(finding: Document) -> Document:
    """Return a finding as the API shows it: one flat object and its occurrences."""
    return {
        "id": finding["_id"],
        "repository": finding["repository"],
        "kind": finding["kind"],
        "severity": finding["severity"],
        "confidence": finding["confidence"],
        **{name: finding["evidence"].get(name, "") for name in _EVIDENCE},
        **{name: finding["first"].get(name, "") for name in _PLACE},
        "state": standing(finding, datetime.now(UTC)),
        "exemption": finding.get("exemption"),
        "rules_applied": finding.get("applied_rules", []),
        "first_seen": finding["created_at"],
        "occurrence_count": finding["occurrence_count"],
        "occurrences": [{name: item.get(name, "") for name in _PLACE} for item in finding["occurrences"]],
    }
