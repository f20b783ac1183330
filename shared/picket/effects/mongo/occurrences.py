"""Where findings show in commits."""

from __future__ import annotations

from picket.detection.age import instant
from picket.effects.mongo import client
from picket.effects.mongo.client import Document, collection

SHOWN = 100
"""Occurrences of a finding that are shown: its oldest."""


def oldest(finding: str) -> tuple[list[Document], int]:
    """Return the oldest occurrences of a finding, as many as are shown, and the number of all.

    One finding at a time: the one-machine store has an index for each field, and uses none for a list of values.
    """
    which = {"finding": finding}
    found = list(collection("occurrences").find(which).limit(SHOWN + 1))
    if len(found) <= SHOWN:
        return sorted(found, key=lambda item: (item["rank"], item["_id"])), len(found)
    oldest = collection("occurrences").find(which).sort([("rank", 1), ("_id", 1)]).limit(SHOWN)
    return list(oldest), client.count("occurrences", which)


def is_committed_after(finding: str, moment: str) -> bool:
    """Return whether a finding shows in a commit that was made later than *moment* (RFC 3339), by the commit's date."""
    newest = collection("occurrences").find({"finding": finding}, {"rank": 1}).sort("rank", -1).limit(1)
    return any(str(one["rank"]).partition("\x01")[0] > instant(moment) for one in newest)


def count(finding: str) -> int:
    """Return how often a finding shows in commits."""
    return client.count("occurrences", {"finding": finding})
