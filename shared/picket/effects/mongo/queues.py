"""Scans that wait for a place: their field `queue` holds their turn.

A turn is the queue, when the scan was asked for and its id in one text, so that the index gives whose it is: every scan
that ends asks for the first of a queue, which may be long.
"""

from __future__ import annotations

from picket.effects.mongo.client import collection
from picket.effects.mongo.documents import Scan
from picket.events import now

_END = "}"
"""Sorts after the bar that ends a queue's name."""


def waiting(queue: str, limit: int = 1) -> list[Scan]:
    """Return scans that wait in *queue*, oldest first.

    Those that a former version let wait are not among them: what stands still is asked for again by the sweep.
    """
    which = {"queue": {"$gt": f"{queue}|", "$lt": f"{queue}{_END}"}}
    return list(collection("scans", Scan).find(which).sort("queue", 1).limit(limit))


def any_waits() -> bool:
    """Return whether a scan waits in any queue."""
    return collection("scans").find_one({"queue": {"$gt": ""}}, {"_id": 1}) is not None


def turn(queue: str, created_at: str, scan_id: str) -> str:
    """Return a scan's turn in *queue*: what its field `queue` holds."""
    return f"{queue}|{created_at}|{scan_id}"


def enqueue(scan_id: str, queue: str, origin: dict[str, str]) -> None:
    """Let a scan that is New wait in *queue* on account of *origin*; one that is not any more, has waited."""
    fields = {"queue": turn(queue, now(), scan_id), "origin": origin}
    collection("scans").update_one({"_id": scan_id, "state": "New"}, {"$set": fields})
