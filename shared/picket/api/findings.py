"""Findings, redacted."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import Any

from flask import Blueprint, Response, jsonify

from picket.api.naming import known_repository
from picket.api.paging import paged
from picket.api.queries import OddQuery, given
from picket.effects import catalogue
from picket.effects.mongo import batches, scans
from picket.effects.mongo import findings as store
from picket.effects.mongo.client import Document
from picket.errors import Gone
from picket.scoring.items import standing

blueprint = Blueprint("findings", __name__)
MOST_COUNTED = 1_000
"""Findings: what is left out is counted so far."""
_PLACE = ("path", "start_line", "start_column", "end_line", "end_column", "commit", "author", "email", "date")
_EVIDENCE = ("rule", "description", "provider", "credential", "reasons", "redacted", "remediation")


@blueprint.get("/findings")
def page() -> Response:
    """List findings."""
    query = given()
    filters = _filters(query)
    documents, cursor = paged(partial(_read, filters))
    answer: Document = {"findings": [view(finding) for finding in documents], "next": cursor}
    if not query["after"]:
        answer["left_out"] = _left_out(filters)
    return jsonify(answer)


def _filters(query: Document) -> dict[str, Any]:
    """Return what is asked for as the store's filters.

    Raises:
        OddQuery: No finding can be of such a repository, rule or scan.
    """
    names = ("state", "severity", "rule", "min_confidence")
    filters: dict[str, Any] = {name: query[name] for name in names if name in query}
    if "repository" in query:
        filters["repository"] = known_repository(query["repository"])
    if "rule" in query and query["rule"] not in catalogue.rules() and not store.has_rule(query["rule"]):
        raise OddQuery("rule", f"no rule {query['rule'][:100]} is in force, and no finding is of it")
    if "scan" in query:
        scan = scans.find(query["scan"])
        if scan is None:
            raise OddQuery("scan", f"scan {query['scan'][:100]} is not known")
        filters["ids"] = batches.findings_of(scan)
    return filters


def _read(filters: dict[str, Any], after: str, limit: int) -> list[Document]:
    """Read a page by the state that a finding has now: an exemption that has run out leaves it open."""
    which = _stored(filters)
    found: list[Document] = []
    while len(found) < limit:
        page = store.page(which, after, limit)
        found += _now(filters, page)
        if len(page) < limit:
            break
        after = page[-1]["_id"]
    return found[:limit]


def _left_out(filters: dict[str, Any]) -> int:
    """Count what is not listed because of its confidence alone, up to `MOST_COUNTED`."""
    return len(_now(filters, store.below(_stored(filters), MOST_COUNTED)))


def _stored(filters: dict[str, Any]) -> dict[str, Any]:
    """Return the filters for what is stored: what is stored as exempt may be open again."""
    wanted = filters.get("state")
    return {**filters, "state": {"$in": ["open", "exempt"]}} if wanted == "open" else filters


def _now(filters: dict[str, Any], found: list[Document]) -> list[Document]:
    """Return those of *found* that are in the state asked for now."""
    wanted, at = filters.get("state"), datetime.now(UTC)
    return [finding for finding in found if not wanted or standing(finding, at) == wanted]


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
