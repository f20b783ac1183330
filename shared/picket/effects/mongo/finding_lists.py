"""Lists of findings: filters, pages, and where each finding shows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast, get_args

from picket.effects.mongo import findings as store
from picket.effects.mongo import listing, occurrences, ranges, reports
from picket.effects.mongo.client import Document, collection
from picket.effects.mongo.findings import ENGINE
from picket.events import Severity
from picket.findings import lists
from picket.findings.life import stored_as
from picket.findings.stored import Finding, StoredPlace

_IDS_AT_ONCE = 500
_STATE = ("state", "exemption")


def page(filters: dict[str, Any], after: str, limit: int) -> list[Finding]:
    """Return findings in the order of their ids.

    Args:
        filters: `min_confidence`: the least; `ids`: one of; each other one, such as `repository`: equal; `state`:
            stored in a way that may stand for it, see `life.state_of`.
        after: Only findings whose id follows this one.
        limit: At most so many.
    """
    if "ids" in filters or filters.get("reporter", ENGINE) != ENGINE:
        return _of_ids(filters, after, limit)
    planned = _plan(filters)
    if planned is None:
        return listing.following("findings", Finding, after, limit, _which(filters))
    left = {name: value for name, value in filters.items() if name in planned.left}
    return ranges.merged(planned, _which(left), after, limit)


def below(filters: dict[str, Any], limit: int) -> list[Finding]:
    """Return `state` and `exemption` of up to *limit* findings that only `min_confidence` of *filters* leaves out.

    The one-machine store counts by reading every document in Python, and reads a limited number fast.
    """
    least = filters.get("min_confidence")
    if not least:
        return []
    others = {name: value for name, value in filters.items() if name != "min_confidence"} | {"below": least}
    if "ids" in filters or filters.get("reporter", ENGINE) != ENGINE:
        return _of_ids(others, "", limit)
    planned = _plan(others)
    if planned is None:
        return list(collection("findings", Finding).find(_which(others), dict.fromkeys(_STATE, 1)).limit(limit))
    left = {name: value for name, value in others.items() if name in planned.left}
    return ranges.some(planned, _which(left), limit, _STATE)


def _plan(filters: dict[str, Any]) -> lists.Plan | None:
    """Return by which key a list is read; None where none helps, or where documents of a former version have none."""
    return None if "value_id" in filters or listing.has_unlisted("findings") else lists.plan(filters)


def _of_ids(filters: dict[str, Any], after: str, limit: int) -> list[Finding]:
    """Return those of the findings of a scan or tool, whose ids are known, that match *filters*, in their order."""
    if "ids" in filters:
        parts = _parts_of(sorted(each for each in filters["ids"] if each > after))
    else:
        parts = reports.findings_of(filters["reporter"], after, _IDS_AT_ONCE)
    found: list[Finding] = []
    for ids in parts:
        which = {**_which(filters), "_id": {"$in": ids}}
        found += collection("findings", Finding).find(which).sort("_id", 1).limit(limit - len(found))
        if len(found) == limit:
            break
    return found


def _parts_of(ids: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(ids), _IDS_AT_ONCE):
        yield ids[start : start + _IDS_AT_ONCE]


def _which(filters: dict[str, Any]) -> Document:
    """Return conditions for *filters*: the one-machine store looks into a list for a bare value, and not by `$eq`."""
    names = {"rule": "evidence.rule", "value_id": "identity"}
    names |= {name: name for name in ("severity", "repository", "kind", "assignee")}
    which: Document = {names[name]: {"$eq": value} for name, value in filters.items() if name in names}
    if "state" in filters:
        which["state"] = {"$in": stored_as(filters["state"])}
    if filters.get("min_confidence"):
        which["confidence"] = {"$gte": filters["min_confidence"]}
    if "below" in filters:
        which["confidence"] = {"$lt": filters["below"]}
    return which | ({"reporters": filters["reporter"]} if "reporter" in filters else {})


def has_rule(rule: str) -> bool:
    """Return whether a finding is of *rule*."""
    return collection("findings", Finding).find_one({"evidence.rule": rule}, {"_id": 1}) is not None


def count_open() -> dict[str, int]:
    """Count the open findings by severity, 0 included."""
    steps: list[Document] = [{"$match": {"state": "open"}}, {"$group": {"_id": "$severity", "count": {"$sum": 1}}}]
    found = {str(group["_id"]): int(group["count"]) for group in collection("findings").aggregate(steps)}
    return {severity: found.get(severity, 0) for severity in get_args(Severity)}


def with_occurrences(findings: list[Finding]) -> list[Finding]:
    """Add to each finding its occurrences and their number: oldest commit first, then what tools report."""
    for finding in findings:
        found, number = occurrences.oldest(finding)
        told = _reported(finding)
        finding["occurrences"], finding["occurrence_count"] = (found + told)[: occurrences.SHOWN], number + len(told)
    return findings


def with_counts(findings: list[Finding]) -> list[Finding]:
    """Add to each finding the number of its occurrences; it is counted anew where it has changed since."""
    for finding in findings:
        if finding.get("occurrence_count") is None:
            count = occurrences.count(finding) + len(_reported(finding))
            store.set_count(finding, count)
            finding["occurrence_count"] = count
    return findings


def _reported(finding: Finding) -> list[StoredPlace]:
    """Return the places that tools report of a finding."""
    if not set(finding.get("reporters", ())) - {ENGINE}:
        return []
    told = [place for said in reports.said_of(finding["_id"]) if said.present for place in said.places]
    return cast("list[StoredPlace]", told)
