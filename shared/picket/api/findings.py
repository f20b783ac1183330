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
from picket.effects.mongo import batches, finding_lists, reports, scans
from picket.effects.mongo import findings as store
from picket.effects.mongo.client import Document, members
from picket.errors import Gone
from picket.findings.kinds import KINDS
from picket.findings.life import due_at, named, opened_at, state_of
from picket.findings.stored import Finding
from picket.orchestration import triage
from picket.runtime import access
from picket.settings import settings

blueprint = Blueprint("findings", __name__)
MOST_COUNTED = 1_000
"""Findings: what is left out is counted so far."""
PLACE = ("path", "start_line", "start_column", "end_line", "end_column", "commit", "author", "email", "date")
_EVIDENCE = ("rule", "description", "provider", "credential", "reasons", "redacted", "remediation")
_OF_A_TOOL = ("link", "cwe", "advisory", "component")
_FILTERS = ("kind", "state", "severity", "rule", "reporter", "assignee", "value_id", "min_confidence")


@blueprint.get("/findings")
def page() -> Response:
    """List findings."""
    query = given()
    filters = filters_of(query)
    documents, cursor = paged(partial(read, filters))
    found = finding_lists.with_occurrences(documents) if query["occurrences"] else finding_lists.with_counts(documents)
    answer: Document = {"findings": [view(finding) for finding in found], "next": cursor}
    if not query["after"]:
        answer["left_out"] = _left_out(filters)
    return jsonify(answer)


def filters_of(query: Document) -> dict[str, Any]:
    """Return what is asked for as the store's filters.

    Raises:
        OddQuery: No finding can be of such a repository, rule or scan.
    """
    filters: dict[str, Any] = {name: query[name] for name in _FILTERS if name in query}
    if "state" in filters:
        filters["state"] = named(filters["state"])
    if query.get("kind", "secret") not in KINDS:
        raise OddQuery("kind", f"kind is one of {', '.join(KINDS)}", list(KINDS))
    if "repository" in query:
        filters["repository"] = known_repository(query["repository"])
    if "rule" in query and query["rule"] not in catalogue.rules() and not finding_lists.has_rule(query["rule"]):
        raise OddQuery("rule", f"no rule {query['rule'][:100]} is in force, and no finding is of it")
    if query.get("reporter", store.ENGINE) != store.ENGINE and not reports.has_reported(query["reporter"]):
        raise OddQuery("reporter", f"no tool {query['reporter'][:100]} has reported anything")
    if "scan" in query:
        scan = scans.find(query["scan"])
        if scan is None:
            raise OddQuery("scan", f"scan {query['scan'][:100]} is not known")
        filters["ids"] = batches.findings_of(scan)
    return filters


def read(filters: dict[str, Any], after: str, limit: int) -> list[Finding]:
    """Read a page by the state that a finding has now: an acceptance that has run out leaves it open."""
    found: list[Finding] = []
    while len(found) < limit:
        page = finding_lists.page(filters, after, limit)
        found += _now(filters, page)
        if len(page) < limit:
            break
        after = page[-1]["_id"]
    return found[:limit]


def _left_out(filters: dict[str, Any]) -> int:
    """Count what is not listed because of its confidence alone, up to `MOST_COUNTED`."""
    return len(_now(filters, finding_lists.below(filters, MOST_COUNTED)))


def _now(filters: dict[str, Any], found: list[Finding]) -> list[Finding]:
    """Return those of *found* that are in the state asked for now."""
    wanted, at = filters.get("state"), datetime.now(UTC)
    return [finding for finding in found if not wanted or state_of(finding, at) == wanted]


@blueprint.get("/findings/<wanted>")
def show(wanted: str) -> Response:
    """Show one finding."""
    finding = store.get(wanted)
    if finding is None:
        raise Gone("no such finding")
    return jsonify(whole(finding))


def whole(finding: Finding) -> Document:
    """Return a finding with its occurrences, and where else the same secret stands."""
    others = [] if access.caller().assets else triage.elsewhere(finding)
    same = [
        {"id": one["_id"], "repository": one["repository"], "state": state_of(one, datetime.now(UTC))} for one in others
    ]
    return view(finding_lists.with_occurrences([finding])[0]) | {"elsewhere": same}


def view(finding: Finding) -> Document:
    """Return a finding as the API shows it: one flat object and its occurrences."""
    evidence, state = finding["evidence"], state_of(finding, datetime.now(UTC))
    return {
        "id": finding["_id"],
        "repository": finding["repository"],
        "kind": finding["kind"],
        "severity": finding["severity"],
        "confidence": finding["confidence"],
        **{name: evidence.get(name, "") for name in _EVIDENCE},
        **members(evidence, (name for name in _OF_A_TOOL if evidence.get(name))),
        **{name: finding["first"].get(name, "") for name in PLACE},
        "state": state,
        "exemption": finding.get("exemption") if state == "accepted" else None,
        "assignee": finding.get("assignee", ""),
        "due": due_at(finding, settings().due) or None,
        "episode": finding.get("episode", 1),
        "opened_at": opened_at(finding),
        "fixed_at": finding.get("resolved_at") or None,
        "is_live": finding.get("is_live", False),
        "exploitability": finding.get("exploitability", 0.0),
        "reporters": finding.get("reporters", [store.ENGINE]),
        "value_id": triage.value_id(finding) or None,
        "history": finding.get("history", []),
        "verification": _said(finding),
        "policy": finding.get("policy", ""),
        "rules_applied": finding.get("applied_rules", []),
        "first_seen": finding["created_at"],
        "occurrence_count": finding["occurrence_count"],
        **_places(finding),
    }


def _said(finding: Finding) -> Document | None:
    """Return what the provider of a secret said of it last; None if it was not asked."""
    said = finding.get("verification")
    return members(said, ("result", "at", "reason", "owner", "scopes")) if said else None


def _places(finding: Finding) -> Document:
    """Return where a finding shows, where that was read."""
    if "occurrences" not in finding:
        return {}
    return {"occurrences": [{name: item.get(name, "") for name in PLACE} for item in finding["occurrences"]]}
