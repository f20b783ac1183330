"""Deleting what has lived for as long as the table says: an hour's work at a time, in pieces, never half a scan."""

from __future__ import annotations

from datetime import timedelta

from picket.effects import artifacts
from picket.effects.mongo import batches, commits, occurrences, reports, retention
from picket.effects.mongo import duties as store
from picket.effects.telemetry import note
from picket.orchestration import duties
from picket.settings import settings

_EVERY = timedelta(hours=1)
AT_ONCE = 500
"""Documents that one event deletes; of scans fewer, since each has batches."""
_SCANS_AT_ONCE = 20
BATCHES_AT_ONCE = 500
_FINDINGS_AT_ONCE = 200


def run(cursor: str) -> str | None:
    """Delete some of what has expired of one collection.

    The cursor is the collection's place in the table, and after a bar the field of the last document looked at.
    """
    if not cursor and not store.claim("retention", _EVERY):
        return None
    place, _, after = cursor.partition("|")
    number = int(place or 0)
    rule = retention.TABLE[number]
    is_more = retention.enter_some(rule, AT_ONCE)
    days = settings().retention_days.get(rule.collection, rule.days)
    found, last = retention.old(rule, days, after, _SCANS_AT_ONCE if rule.collection == "scans" else AT_ONCE)
    deleted = [one for one in found if _let_go(rule, one)]
    retention.delete(rule, deleted)
    if found:
        note("expired documents deleted", collection=rule.collection, count=len(deleted))
    if is_more or len(deleted) < len(found):
        return f"{number}|{after}"
    if last:
        return f"{number}|{last}"
    return str(number + 1) if number + 1 < len(retention.TABLE) else None


def trim_occurrences(_cursor: str) -> str | None:
    """Delete the occurrences of some findings beyond those that are kept, and keep their number."""
    found = occurrences.crowded(_FINDINGS_AT_ONCE)
    deleted = sum(occurrences.trim(finding) for finding in found)
    if deleted:
        note("occurrences beyond those kept deleted", findings=len(found), count=deleted)
    return duties.more(len(found) == _FINDINGS_AT_ONCE)


def _let_go(rule: retention.Rule, document: retention.Old) -> bool:
    """Delete what belongs to a document; return whether all of it is gone, and the document may follow."""
    if rule.collection == "reports":
        artifacts.delete(document["artifact"])
    if rule.collection == "findings":
        occurrences.delete(document["_id"])
        reports.forget_finding(document["_id"])
    if rule.collection == "scans":
        part = batches.all_of(document["_id"], BATCHES_AT_ONCE)
        commits.unmark(part)
        batches.delete(part)
        return len(part) < BATCHES_AT_ONCE
    return True
