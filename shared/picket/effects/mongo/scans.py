"""Scans: requests to look at a repository, every move a compare-and-set kept in their history."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from pymongo import ReturnDocument

from picket.commits import lifecycle
from picket.effects.mongo.client import Document, collection
from picket.effects.mongo.leases import UNLEASED
from picket.errors import Gone
from picket.events import ScanRequested, ago, now

_FORGOTTEN_AFTER = timedelta(minutes=10)
"""Longer than an event is retried."""


def open_scan(request: ScanRequested, actor: str, *, root: str = "") -> Document:
    """Record a scan unless it is there already.

    Args:
        request: What is asked for.
        actor: Who asks: a function or a person.
        root: Root event on whose account a rule asks, for the budget of scans.

    Returns:
        The scan as it is now.
    """
    scans = collection("scans")
    scans.update_one(
        {"_id": request.scan},
        {
            "$setOnInsert": {
                **request.model_dump(exclude={"scan", "chain"}),
                "chain": list(request.chain),
                "state": "New",
                "running": request.repository,
                "revision": 0,
                "created_at": now(),
                "history": [_step("New", actor, request.reason)],
                "commits": 0,
                "completed_at": None,
                **UNLEASED,
                **({"root": root} if root else {}),
            }
        },
        upsert=True,
    )
    return get(request.scan)


def get(scan_id: str) -> Document:
    """Return a scan.

    Raises:
        Gone: There is none.
    """
    document = collection("scans").find_one({"_id": scan_id})
    if document is None:
        raise Gone(f"scan {scan_id} is not known")
    return document


def find(scan_id: str) -> Document | None:
    """Return a scan, or None."""
    return collection("scans").find_one({"_id": scan_id})


def children(scan_id: str) -> list[Document]:
    """Return the child scans of a scan, oldest first."""
    return sorted(collection("scans").find({"parent": scan_id}), key=lambda scan: str(scan["created_at"]))


def running(repository: str | None = None, limit: int = 100) -> list[Document]:
    """Return scans that are not final, of one repository or of all."""
    which: Document = {"running": repository} if repository else {"running": {"$exists": True}}
    return list(collection("scans").find(which).limit(limit))


def forgotten() -> list[Document]:
    """Return scans that are New for longer than their event could have been under way."""
    before = ago(_FORGOTTEN_AFTER)
    return [
        scan
        for scan in collection("scans").find({"running": {"$exists": True}})
        if scan["state"] == "New" and scan["kind"] != "bulk" and scan["created_at"] < before
    ]


def count_for_root(root: str) -> int:
    """Count the scans that rules asked for on account of one root event."""
    return collection("scans").count_documents({"root": root})


def move(scan: Document, target: str, actor: str, reason: str = "", **fields: object) -> Document | None:
    """Move a scan to *target* if that is legal from the state it is in now.

    Args:
        scan: The scan as last read.
        target: The state to reach.
        actor: Who moves it.
        reason: Why.
        fields: More fields to set with the move.

    Returns:
        The scan after the move; None if somebody else moved it first, or the move is not legal.
    """
    if target not in lifecycle.SCAN_MOVES[scan["state"]]:
        return None
    final = target in lifecycle.FINAL
    update: Document = {
        "$set": {
            "state": target,
            "revision": scan["revision"] + 1,
            "history": [*scan["history"], _step(target, actor, reason)],
            **fields,
        }
    }
    if final:
        update["$set"]["completed_at"] = now()
        update["$unset"] = {"running": ""}
    return collection("scans").find_one_and_update(
        {"_id": scan["_id"], "revision": scan["revision"]}, update, return_document=ReturnDocument.AFTER
    )


def advance(scan: Document, targets: Iterable[str], actor: str) -> Document:
    """Move a scan through those of *targets* that lie ahead of it, each step kept in its history."""
    for target in targets:
        scan = move(scan, target, actor) or scan
    return scan


def set_scored(scan_id: str) -> None:
    """Note that the score has taken a scan into account."""
    collection("scans").update_one({"_id": scan_id}, {"$set": {"scored_at": now()}})


def _step(state: str, actor: str, reason: str) -> Document:
    return {"state": state, "at": now(), "actor": actor, "reason": reason}
