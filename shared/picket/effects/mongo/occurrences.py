"""Where findings show in commits: the oldest and the newest places, and the number of the rest."""

from __future__ import annotations

from picket.detection.age import instant
from picket.effects.mongo import client
from picket.effects.mongo.client import Document, collection
from picket.findings.stored import Finding, StoredOccurrence

SHOWN = 100
"""Occurrences of a finding that are shown: its oldest."""
KEPT = 1_000
"""Occurrences of a finding that are stored: those that are shown, and the newest."""
ARRIVED = "arrived"
"""Field of a finding that counts its occurrences as they come, some twice: by it those with too many are found."""
_DELETED_AT_ONCE = 10_000
_CHUNK = 1_000


def oldest(finding: Finding) -> tuple[list[StoredOccurrence], int]:
    """Return the oldest occurrences of a finding, as many as are shown, and the number of all.

    One finding at a time: the one-machine store has an index for each field, and uses none for a list of values.
    """
    which = {"finding": finding["_id"]}
    found = list(collection("occurrences", StoredOccurrence).find(which).limit(SHOWN + 1))
    if len(found) <= SHOWN:
        return sorted(found, key=lambda item: (item["rank"], item["_id"])), len(found)
    oldest = collection("occurrences", StoredOccurrence).find(which).sort([("rank", 1), ("_id", 1)]).limit(SHOWN)
    return list(oldest), count(finding)


def is_committed_after(finding: str, moment: str) -> bool:
    """Return whether a finding shows in a commit that was made later than *moment* (RFC 3339), by the commit's date."""
    newest = (
        collection("occurrences", StoredOccurrence).find({"finding": finding}, {"rank": 1}).sort("rank", -1).limit(1)
    )
    return any(str(one["rank"]).partition("\x01")[0] > instant(moment) for one in newest)


def commits(finding: str) -> set[str]:
    """Return the commits in which a finding, by its id, is known to occur: of very many, the oldest and the newest."""
    found = collection("occurrences", StoredOccurrence).find({"finding": finding}, {"commit": 1}).limit(KEPT)
    return {one["commit"] for one in found}


def count(finding: Finding) -> int:
    """Return how often a finding shows in commits, those that are no longer stored included."""
    return client.count("occurrences", {"finding": finding["_id"]}) + int(finding.get("dropped", 0))


def delete(finding: str) -> None:
    """Delete all occurrences of a finding."""
    collection("occurrences").delete_many({"finding": finding})


def crowded(limit: int) -> list[Finding]:
    """Return up to *limit* findings that may have more occurrences than are kept."""
    found = list(collection("findings", Finding).find({ARRIVED: {"$gt": KEPT}}).limit(limit))
    return found or list(collection("findings", Finding).find({ARRIVED: None}).limit(limit))  # of a former version


def trim(finding: Finding) -> int:
    """Delete what is neither among a finding's oldest occurrences nor among its newest; return how many.

    What is dropped is counted before it is deleted. A scan that is done again brings dropped occurrences back: they
    stand before the last one dropped, and count once.
    """
    found = collection("occurrences", StoredOccurrence).find({"finding": finding["_id"]}, {"rank": 1})
    places = sorted((str(one["rank"]), str(one["_id"])) for one in found)
    middle = places[SHOWN : max(SHOWN, len(places) - (KEPT - SHOWN))][:_DELETED_AT_ONCE]
    last = finding.get("dropped_to", "")
    new = sum("|".join(place) > last for place in middle)
    change: Document = {"$inc": {ARRIVED: len(places) - len(middle) - finding.get("arrived", 0)}}
    if middle:
        dropped = max(int(finding.get("dropped", 0)), len(middle) - new) + new
        fields = {"dropped": dropped, "dropped_to": max(last, "|".join(middle[-1])), "occurrence_count": None}
        change["$set"] = fields
    collection("findings").update_one({"_id": finding["_id"]}, change)
    names = [identity for _, identity in middle]
    for start in range(0, len(names), _CHUNK):
        collection("occurrences").delete_many({"_id": {"$in": names[start : start + _CHUNK]}})
    return len(names)
