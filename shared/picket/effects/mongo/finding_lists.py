"""Lists of findings: filters, pages, and where each finding shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, get_args

from picket.effects.mongo import listing, occurrences, reports
from picket.effects.mongo.client import Document, collection
from picket.effects.mongo.findings import ENGINE
from picket.events import Severity

_IDS_AT_ONCE = 500


def page(filters: dict[str, Any], after: str, limit: int) -> list[Document]:
    """Return findings in the order of their ids.

    Args:
        filters: `min_confidence`: the least; `ids`: one of; each other one, such as `repository`: equal.
        after: Only findings whose id follows this one.
        limit: At most so many.
    """
    which = _which(filters)
    if least := filters.get("min_confidence"):
        which["confidence"] = {"$gte": least}
    if "ids" not in filters:
        return listing.following("findings", after, limit, which)
    found: list[Document] = []
    for ids in _some_of(filters["ids"], after):
        found += collection("findings").find({**which, **ids}).sort("_id", 1).limit(limit - len(found))
        if len(found) == limit:
            break
    return found


def below(filters: dict[str, Any], limit: int) -> list[Document]:
    """Return up to *limit* findings, as far as their state tells, that only `min_confidence` of *filters* leaves out.

    The one-machine store counts by reading every document in Python, and reads a limited number fast.
    """
    if not filters.get("min_confidence"):
        return []
    which = {**_which(filters), "confidence": {"$lt": filters["min_confidence"]}}
    found: list[Document] = []
    for ids in _some_of(filters["ids"], "") if "ids" in filters else ({},):
        part = collection("findings").find({**which, **ids}, {"state": 1, "exemption": 1})
        found += part.limit(limit - len(found))
        if len(found) == limit:
            break
    return found


def _which(filters: dict[str, Any]) -> Document:
    """Return conditions for *filters*: the one-machine store looks into a list for a bare value, and not by `$eq`."""
    names = {"rule": "evidence.rule", "value_id": "identity"}
    names |= {name: name for name in ("severity", "state", "repository", "kind", "assignee")}
    which: Document = {
        names[name]: value if isinstance(value, dict) else {"$eq": value}
        for name, value in filters.items()
        if name in names
    }
    return which | ({"reporters": filters["reporter"]} if "reporter" in filters else {})


def _some_of(ids: Iterable[str], after: str) -> Iterator[Document]:
    """Give conditions on the id, one after another: those of *ids* that follow *after*, in parts."""
    wanted = sorted(each for each in ids if each > after)
    for start in range(0, len(wanted), _IDS_AT_ONCE):
        yield {"_id": {"$in": wanted[start : start + _IDS_AT_ONCE]}}


def has_rule(rule: str) -> bool:
    """Return whether a finding is of *rule*."""
    return collection("findings").find_one({"evidence.rule": rule}, {"_id": 1}) is not None


def count_open() -> dict[str, int]:
    """Count the open findings by severity, 0 where there is none."""
    steps: list[Document] = [{"$match": {"state": "open"}}, {"$group": {"_id": "$severity", "count": {"$sum": 1}}}]
    found = {str(group["_id"]): int(group["count"]) for group in collection("findings").aggregate(steps)}
    return {severity: found.get(severity, 0) for severity in get_args(Severity)}


def with_occurrences(findings: list[Document]) -> list[Document]:
    """Add to each finding its occurrences and their number: oldest commit first, then what tools report."""
    for finding in findings:
        found, number = occurrences.oldest(finding["_id"])
        if set(finding.get("reporters", ())) - {ENGINE}:
            told = [place for said in reports.said_of(finding["_id"]) if said.present for place in said.places]
            found, number = (found + told)[: occurrences.SHOWN], number + len(told)
        finding["occurrences"], finding["occurrence_count"] = found, number
    return findings
