"""Commit batches: the unit of work handed to one scanner."""

from __future__ import annotations

from collections import Counter

from pymongo import ReturnDocument

from picket.commits import lifecycle
from picket.commits.plan import Plan
from picket.effects.mongo.client import Document, collection, insert_new, key
from picket.effects.mongo.leases import UNLEASED
from picket.errors import Gone
from picket.events import now


def create(scan: Document, attempt: int, ruleset: str, plans: list[Plan]) -> list[Document]:
    """Record the batches of a scan.

    Args:
        scan: The scan.
        attempt: Fencing token of the enumeration: batches of an abandoned one are not the scan's.
        ruleset: Ruleset digest.
        plans: What goes into each batch.
    """
    documents: list[Document] = [
        {
            "_id": key(scan["_id"], str(attempt), str(index)),
            "scan": scan["_id"],
            "attempt": attempt,
            "repository": scan["repository"],
            "ruleset": ruleset,
            "commits": list(plan.commits),
            "count": len(plan.commits),
            "size": plan.size,
            "state": "Queued",
            "scanned_for": ruleset,
            **UNLEASED,
            "created_at": now(),
        }
        for index, plan in enumerate(plans)
    ]
    insert_new("batches", documents)
    return documents


def get(batch_id: str) -> Document:
    """Return a batch.

    Raises:
        Gone: There is none.
    """
    document = find(batch_id)
    if document is None:
        raise Gone(f"batch {batch_id} is not known")
    return document


def find(batch_id: str) -> Document | None:
    """Return a batch, or None."""
    return collection("batches").find_one({"_id": batch_id})


def of_scan(scan: Document) -> list[Document]:
    """Return the batches of a scan without their commits."""
    found = collection("batches").find({"scan": scan["_id"]}, {"commits": 0})
    return [batch for batch in found if batch["attempt"] == scan.get("attempt")]


def findings_of(scan: Document) -> list[str]:
    """Return the ids of the findings that the batches of a scan introduce."""
    return sorted({finding for batch in of_scan(scan) for finding in batch.get("findings", ())})


def count_by_state(scan: Document) -> dict[str, int]:
    """Count the batches of a scan by state."""
    return dict(Counter(batch["state"] for batch in of_scan(scan)))


def move(batch_id: str, target: str, fence: int | None = None, **fields: object) -> Document | None:
    """Move a batch to *target* if that is legal.

    Args:
        batch_id: The batch.
        target: The state to reach.
        fence: Fencing token that must still be the newest; None where no lease is needed.
        fields: More fields to set with the move.

    Returns:
        The batch after the move, or None if the move is not legal now or the fence is old.
    """
    which: Document = {"_id": batch_id, "state": {"$in": lifecycle.sources_of(lifecycle.BATCH_MOVES, target)}}
    if fence is not None:
        which["fence"] = fence
    return collection("batches").find_one_and_update(
        which,
        {"$set": {"state": target, f"{target.lower()}_at": now(), **fields}},
        return_document=ReturnDocument.AFTER,
    )
