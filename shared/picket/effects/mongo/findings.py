"""Findings and where they occur. No raw secret comes here: a keyed hash and a redacted preview stand for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from pymongo import UpdateOne

from picket.effects.mongo import costs, listing, occurrences, people
from picket.effects.mongo.client import Document, collection, insert_new, key
from picket.effects.mongo.occurrences import ARRIVED
from picket.effects.mongo.schema import STAMP, known, readable
from picket.effects.telemetry import span
from picket.events import FindingReported, now
from picket.findings import lists
from picket.findings.identity import finding_id
from picket.findings.life import MAX_HISTORY, named
from picket.findings.stored import Changes, Evidence, Finding, NewFinding, NewOccurrence, StoredPlace
from picket.settings import settings

ENGINE = "picket"
"""Name of the reporter that is Picket's own engine."""
_COMMITS_AT_ONCE = 200
_NEW: Document = {
    "state": "open",
    "revision": 0,
    "cost_revision": 0,
    "episode": 1,
    "assignee": "",
    "judged": "never",
    "is_live": False,
    "exploitability": 0.0,
    ARRIVED: 0,
    **STAMP,
}
"""Fields of a new finding, where nothing else is told."""


@span("store findings")
def record(findings: Sequence[NewFinding], places: Sequence[NewOccurrence]) -> None:
    """Record what a batch introduces; recording it again changes nothing.

    Batches come in any order, so what a finding shows is decided by comparison, not by who came first: `first` is its
    oldest occurrence, `evidence` its most telling rule.
    """
    if not findings:
        return
    writes = [write for finding in findings for write in _writes(finding)]
    collection("findings").bulk_write(writes, ordered=True)
    insert_new("occurrences", [{"_id": _occurrence_id(item), **people.veiled(item), **STAMP} for item in places])
    arrived = Counter(item["finding"] for item in places)
    if arrived:
        counted = [
            UpdateOne({"_id": name}, {"$inc": {ARRIVED: count}, "$set": {"occurrence_count": None}})
            for name, count in sorted(arrived.items())
        ]
        collection("findings").bulk_write(counted, ordered=False)


def created(names: Sequence[str]) -> dict[str, str]:
    """Return since when each finding of these ids is there (RFC 3339); what is not there is left out."""
    found: dict[str, str] = {}
    for start in range(0, len(names), _COMMITS_AT_ONCE):
        which: Document = {"_id": {"$in": list(names[start : start + _COMMITS_AT_ONCE])}}
        found |= {one["_id"]: one["created_at"] for one in collection("findings").find(which, {"created_at": 1})}
    return found


def report(event: FindingReported) -> Finding:
    """Record what a tool reports, under the same key a later report of the same problem gets."""
    identity = finding_id(settings().hmac_key, event.repository, event.kind, event.identity)
    place: StoredPlace = {
        "path": event.path,
        "start_line": event.start_line,
        "commit": event.commit,
        "rank": "",
        "date": "",
    }
    evidence: Evidence = {
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
                "reporters": [event.tool],
                "severity": event.severity,
                "confidence": event.confidence,
                "first": place,
                "first_rank": "",
                "evidence": evidence,
                "evidence_rank": f"{1 - event.confidence:.3f}|{event.rule}",
            }
        ],
        [
            {
                "finding": identity,
                "repository": event.repository,
                "path": event.path,
                "start_line": event.start_line,
                "start_column": 0,
                "commit": event.commit,
                "rank": "",
                "date": "",
            }
        ],
    )
    return get_many([identity])[0]


def get(wanted: str) -> Finding | None:
    """Return a finding."""
    return readable(collection("findings", Finding).find_one({"_id": wanted}))


def get_many(ids: Iterable[str]) -> list[Finding]:
    """Return the findings with these ids, in the order of their ids."""
    found = map(known, collection("findings", Finding).find({"_id": {"$in": list(ids)}}))
    return sorted(found, key=lambda finding: str(finding["_id"]))


def change(finding: Finding, changes: Changes) -> bool:
    """Set fields of a finding if nothing changed it since it was read; an `entry` among them joins its history."""
    fields: Document = {name: value for name, value in changes.items() if name != "entry"}
    if "entry" in changes:
        fields["history"] = [*finding.get("history", ()), changes["entry"]][-MAX_HISTORY:]
    fields |= lists.keys({**finding, **fields})
    result = collection("findings").update_one(
        {"_id": finding["_id"], "revision": finding["revision"]},
        {"$set": {**fields, "revision": finding["revision"] + 1, "changed_at": now()}},
    )
    return result.matched_count == 1


def set_count(finding: Finding, count: int) -> None:
    """Keep the number of a finding's occurrences, unless something has changed it meanwhile."""
    same = {"_id": finding["_id"], "occurrence_count": None}
    collection("findings").update_one(same, {"$set": {"occurrence_count": count}})


def of_value(identity: str, limit: int) -> list[Finding]:
    """Return up to *limit* findings, in any repository, of the secret whose value's id is *identity*."""
    found = collection("findings", Finding).find({"identity": identity}).limit(limit)
    return [known(one) for one in found if one["kind"] == "secret"]


def judged_otherwise(policy: str, limit: int) -> list[Finding]:
    """Return up to *limit* findings that were last judged by another policy than *policy*, the longest ago first.

    Those of a former version, of which that is not known, come first. What is new, and was not judged at all, is left
    out: the event that brings it is on its way.
    """
    found = list(collection("findings", Finding).find({"judged": None}).limit(limit))
    start, end = f"p:{policy}|", f"p:{policy}}}"
    for between in ({"$gte": "p:", "$lt": start}, {"$gte": end, "$lt": "p;"}):
        if len(found) < limit:
            part = collection("findings", Finding).find({"judged": between}).sort("judged", 1)
            found += part.limit(limit - len(found))
    return [known(one) for one in found]


def with_acceptance_ended(limit: int) -> list[Finding]:
    """Return up to *limit* findings that are stored as accepted, and whose acceptance has ended."""
    ended = {"accepted_until": {"$gt": "at ", "$lt": f"at {now()}"}}
    return [known(one) for one in collection("findings", Finding).find(ended).limit(limit)]


def put_off_acceptance(finding: Finding) -> None:
    """Keep a finding that cannot be opened again from standing before the others; it reads as open anyway."""
    collection("findings").update_one({"_id": finding["_id"]}, {"$set": {"accepted_until": ""}})


def first_in(repository: str, commits: Collection[str]) -> list[str]:
    """Return the ids of a repository's findings whose oldest occurrence is in one of *commits*."""
    wanted, found = sorted(commits), []
    for start in range(0, len(wanted), _COMMITS_AT_ONCE):
        which = {"first.commit": {"$in": wanted[start : start + _COMMITS_AT_ONCE]}}
        some = collection("findings", Finding).find(which, {"repository": 1})
        found += [one["_id"] for one in some if one["repository"] == repository]
    return found


def first_commits(repository: str, limit: int) -> dict[str, str]:
    """Return the commits of the oldest occurrences of up to *limit* findings of a repository, by the findings' ids."""
    some = collection("findings", Finding).find({"repository": repository}, {"first": 1}).limit(limit)
    return {one["_id"]: one.get("first", {}).get("commit", "") for one in some}


def due_for_verification(limit: int) -> list[Finding]:
    """Return up to *limit* findings whose provider is to be asked, the longest due first."""
    due = {"verify_due": {"$gt": "at ", "$lt": f"at {now()}"}}
    return [known(one) for one in collection("findings", Finding).find(due).sort("verify_due", 1).limit(limit)]


def with_a_copy(ids: Iterable[str]) -> set[str]:
    """Return those of *ids* for whose findings a copy of a blob is kept."""
    names = list(ids)
    if not names:
        return set()
    found = collection("findings", Finding).find({"_id": {"$in": names}}, {"kept": 1})
    return {one["_id"] for one in found if one.get("kept")}


def needs_copy(kept: str) -> bool:
    """Return whether a finding that is open or accepted, or asked about again, needs a copy of a blob."""
    found = collection("findings", Finding).find({"kept": kept}, {"state": 1, "verify_due": 1})
    return any(named(one["state"]) in {"open", "accepted"} or one.get("verify_due") for one in found)


def without_copy(kept: str) -> None:
    """Note that a copy of a blob is no longer there."""
    collection("findings").update_many({"kept": kept}, {"$set": {"kept": "", "kept_path": ""}})


def delete_some(repository: str, limit: int) -> bool:
    """Delete up to *limit* findings of a repository and their occurrences; return whether there were any."""
    found = [
        one["_id"] for one in collection("findings", Finding).find({"repository": repository}, {"_id": 1}).limit(limit)
    ]
    for identity in found:
        occurrences.delete(identity)
    if found:
        collection("findings").delete_many({"_id": {"$in": found}})
    return bool(found)


def _writes(finding: NewFinding) -> list[UpdateOne]:
    """Insert the finding if it is new, then let its oldest occurrence and its best evidence win."""
    same, at = {"_id": finding["_id"]}, now()
    evidence = {name: finding[name] for name in ("evidence", "evidence_rank", "severity", "confidence")}
    first = {"first": people.veiled(finding["first"]), "first_rank": finding["first_rank"]}
    fresh: Document = {
        **_NEW,
        "reporters": [ENGINE],
        **finding,
        **first,
        **listing.entry(finding["_id"]),
        "created_at": at,
        "opened_at": at,
        "rated": f"{finding['scored_in']}|{costs.NEVER}",
    }
    fresh |= lists.keys(fresh)
    del fresh["_id"]
    writes = [
        UpdateOne(same, {"$setOnInsert": fresh}, upsert=True),
        UpdateOne({**same, "first_rank": {"$gt": finding["first_rank"]}}, {"$set": first}),
        UpdateOne({**same, "evidence_rank": {"$gt": finding["evidence_rank"]}}, {"$set": evidence}),
    ]
    if kept := finding.get("kept"):
        copy = {"kept": kept, "kept_path": finding.get("kept_path", "")}
        writes.append(UpdateOne({**same, "kept": {"$in": [None, ""]}}, {"$set": copy}))
    return writes


def _occurrence_id(item: NewOccurrence) -> str:
    return key(item["finding"], item["commit"], item["path"], str(item["start_line"]), str(item["start_column"]))
