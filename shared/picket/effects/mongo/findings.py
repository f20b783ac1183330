"""Findings and where they occur. No raw secret comes here: a keyed hash and a redacted preview stand for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, get_args

from pymongo import UpdateOne

from picket.detection.identity import finding_id
from picket.effects.mongo import listing
from picket.effects.mongo.client import Document, collection, count, insert_new, key
from picket.effects.mongo.schema import STAMP, known, readable
from picket.effects.telemetry import span
from picket.events import FindingReported, Severity, now
from picket.settings import settings

_OCCURRENCES_SHOWN = 100
_NEVER = "never"
_IDS_AT_ONCE = 500


@span("store findings")
def record(findings: Sequence[Document], occurrences: Sequence[Document]) -> None:
    """Record what a batch introduces; recording it again changes nothing.

    Batches come in any order, so what a finding shows is decided by comparison, not by who came first: `first` is its
    oldest occurrence, `evidence` its most telling rule.
    """
    if not findings:
        return
    writes = [write for finding in findings for write in _writes(finding)]
    collection("findings").bulk_write(writes, ordered=True)
    insert_new("occurrences", [{"_id": _occurrence_id(item), **item, **STAMP} for item in occurrences])


def report(event: FindingReported) -> Document:
    """Record what a tool reports, under the same key a later report of the same problem gets."""
    identity = finding_id(settings().hmac_key, event.repository, event.kind, event.identity)
    place = {"path": event.path, "start_line": event.start_line, "commit": event.commit, "rank": "", "date": ""}
    evidence = {
        "rule": event.rule,
        "description": event.title,
        "provider": event.tool,
        "severity": event.severity,
        "confidence": event.confidence,
        "reasons": [f"reported by {event.tool}"],
        "redacted": "",
    }
    record(
        [
            {
                "_id": identity,
                "repository": event.repository,
                "kind": event.kind,
                "identity": key(event.identity),
                "scored_in": event.repository,
                "scan": "",
                "severity": event.severity,
                "confidence": event.confidence,
                "first": place,
                "first_rank": "",
                "evidence": evidence,
                "evidence_rank": f"{1 - event.confidence:.3f}|{event.rule}",
            }
        ],
        [{"finding": identity, "repository": event.repository, **place, "start_column": 0}],
    )
    return get_many([identity])[0]


def get(wanted: str) -> Document | None:
    """Return a finding."""
    return readable(collection("findings").find_one({"_id": wanted}))


def get_many(ids: Iterable[str]) -> list[Document]:
    """Return the findings with these ids, in the order of their ids."""
    found = map(known, collection("findings").find({"_id": {"$in": list(ids)}}))
    return sorted(found, key=lambda finding: str(finding["_id"]))


def scored_in(repository: str) -> list[Document]:
    """Return the findings that weigh on the score of *repository*."""
    return list(collection("findings").find({"scored_in": repository}))


def rated_otherwise(repository: str, rating: str, limit: int) -> list[Document]:
    """Return up to *limit* findings of a repository that were last rated under another key than *rating*, or never.

    Args:
        repository: Id of the repository that they weigh on.
        rating: What a finding's cost depends on besides the finding, as one text.
        limit: At most so many.
    """
    start, current = f"{repository}|", f"{repository}|{rating}"
    found: list[Document] = []
    for between in ({"$gte": start, "$lt": current}, {"$gt": current, "$lt": f"{repository}}}"}):
        if len(found) < limit:
            found += collection("findings").find({"rated": between}).limit(limit - len(found))
    return found


def begin_rating(repository: str) -> None:
    """Let the findings that a former version stored be rated anew: they lack the field by which those are found."""
    unrated = {"scored_in": repository, "rated": {"$exists": False}}
    collection("findings").update_many(unrated, {"$set": {"rated": f"{repository}|{_NEVER}"}})


def set_costs(repository: str, rating: str, costs: Mapping[str, Document], revision: int) -> None:
    """Note what findings cost as of *revision* of their repository's score; what is newer stays."""
    rated = f"{repository}|{rating}"
    writes = [
        UpdateOne(
            {"_id": name, "cost_revision": {"$lt": revision}},
            {"$set": {"cost": one, "cost_revision": revision, "rated": rated}},
        )
        for name, one in costs.items()
    ]
    collection("findings").bulk_write(writes, ordered=False)


def mark_rated(repository: str, rating: str, names: Sequence[str]) -> None:
    """Note that the costs of findings hold under the key *rating* as well."""
    if names:
        rated = {"$set": {"rated": f"{repository}|{rating}"}}
        collection("findings").update_many({"_id": {"$in": list(names)}}, rated)


def change(finding: Document, fields: dict[str, Any]) -> bool:
    """Set *fields* of a finding if nobody changed it since it was read."""
    result = collection("findings").update_one(
        {"_id": finding["_id"], "revision": finding["revision"]},
        {"$set": {**fields, "revision": finding["revision"] + 1, "changed_at": now()}},
    )
    return result.matched_count == 1


def page(filters: dict[str, Any], after: str, limit: int) -> list[Document]:
    """Return findings with their occurrences.

    Args:
        filters: `repository`, `state`, `severity`, `rule`: equal; `min_confidence`: the least; `ids`: one of.
        after: Only findings whose id follows this one.
        limit: At most so many.
    """
    which = _which(filters)
    if least := filters.get("min_confidence"):
        which["confidence"] = {"$gte": least}
    if "ids" not in filters:
        return with_occurrences(listing.following("findings", after, limit, which))
    found: list[Document] = []
    for ids in _some_of(filters["ids"], after):
        found += collection("findings").find({**which, **ids}).sort("_id", 1).limit(limit - len(found))
        if len(found) == limit:
            break
    return with_occurrences(found)


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
    """Return conditions for *filters*, each as an operator: the one-machine store looks into lists for a bare value."""
    names = {"rule": "evidence.rule", "severity": "severity", "state": "state", "repository": "repository"}
    return {
        names[name]: value if isinstance(value, dict) else {"$eq": value}
        for name, value in filters.items()
        if name in names
    }


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
    """Add to each finding its occurrences, oldest commit first, and their number."""
    for finding in findings:
        finding["occurrences"], finding["occurrence_count"] = _occurrences_of(finding["_id"])
    return findings


def _occurrences_of(finding: str) -> tuple[list[Document], int]:
    """Return the oldest occurrences of a finding, as many as are shown, and the number of all.

    One finding at a time: the one-machine store has an index for each field, and uses none for a list of values.
    """
    which = {"finding": finding}
    found = list(collection("occurrences").find(which).limit(_OCCURRENCES_SHOWN + 1))
    if len(found) <= _OCCURRENCES_SHOWN:
        return sorted(found, key=lambda item: (item["rank"], item["_id"])), len(found)
    oldest = collection("occurrences").find(which).sort([("rank", 1), ("_id", 1)]).limit(_OCCURRENCES_SHOWN)
    return list(oldest), count("occurrences", which)


def delete_some(repository: str, limit: int) -> bool:
    """Delete up to *limit* findings of a repository and their occurrences; return whether there were any."""
    found = [one["_id"] for one in collection("findings").find({"repository": repository}, {"_id": 1}).limit(limit)]
    for identity in found:
        collection("occurrences").delete_many({"finding": identity})
    if found:
        collection("findings").delete_many({"_id": {"$in": found}})
    return bool(found)


def _writes(finding: Document) -> list[UpdateOne]:
    """Insert the finding if it is new, then let its oldest occurrence and its best evidence win."""
    same = {"_id": finding["_id"]}
    evidence = {name: finding[name] for name in ("evidence", "evidence_rank", "severity", "confidence")}
    first = {name: finding[name] for name in ("first", "first_rank")}
    fixed = {name: finding[name] for name in ("repository", "kind", "identity", "scored_in", "scan")}
    fresh = {**fixed, **evidence, **first, "state": "open", "revision": 0, "cost_revision": 0, "created_at": now()}
    fresh |= {"rated": f"{finding['scored_in']}|{_NEVER}", **listing.entry(finding["_id"])}
    fresh |= STAMP
    return [
        UpdateOne(same, {"$setOnInsert": fresh}, upsert=True),
        UpdateOne({**same, "first_rank": {"$gt": finding["first_rank"]}}, {"$set": first}),
        UpdateOne({**same, "evidence_rank": {"$gt": finding["evidence_rank"]}}, {"$set": evidence}),
    ]


def _occurrence_id(item: Document) -> str:
    return key(item["finding"], item["commit"], item["path"], str(item["start_line"]), str(item["start_column"]))
