"""Commit batches: the unit of work handed to one scanner.

`open_in` names the scan and its enumeration while a batch is open: whether one is, is a look at a short index.
"""

from __future__ import annotations

from collections.abc import Sequence

from picket.commits import lifecycle
from picket.commits.plan import Plan
from picket.effects.mongo import client, moves
from picket.effects.mongo.client import Document, collection, insert_new, key
from picket.effects.mongo.documents import Batch, Scan
from picket.effects.mongo.leases import UNLEASED
from picket.effects.mongo.schema import STAMP, readable
from picket.errors import Gone
from picket.events import now


def create(scan: Scan, attempt: int, ruleset: str, plans: Sequence[Plan], materials: Sequence[str] = ()) -> None:
    """Record the batches of a scan.

    Args:
        scan: The scan.
        attempt: Fencing token of the enumeration: batches of an abandoned one are not the scan's.
        ruleset: Ruleset digest.
        plans: What goes into each batch.
        materials: Where in the artifact store what each needs is; empty where scanners read the mirror.
    """
    documents: list[Document] = [
        {
            "_id": _id(scan["_id"], attempt, index),
            "index": index,
            "scan": scan["_id"],
            "attempt": attempt,
            "open_in": _open_in(scan["_id"], attempt),
            "repository": scan["repository"],
            "ruleset": ruleset,
            "commits": list(plan.commits),
            "tags": list(plan.tags),
            "count": len(plan.commits),
            "size": plan.size,
            "scanned_for": ruleset,
            **({"material": materials[index]} if materials and materials[index] else {}),
            **moves.first("Queued", "enumerate", ""),
            **UNLEASED,
            **STAMP,
            "created_at": now(),
        }
        for index, plan in enumerate(plans)
    ]
    insert_new("batches", documents)


def get(batch_id: str) -> Batch:
    """Return a batch.

    Raises:
        Gone: It does not exist.
    """
    document = find(batch_id)
    if document is None:
        raise Gone(f"batch {batch_id} is not known")
    return document


def find(batch_id: str) -> Batch | None:
    """Return a batch, or None."""
    return readable(collection("batches", Batch).find_one({"_id": batch_id}))


def at(scan: Scan, indexes: range) -> list[Batch]:
    """Return the batches of a scan at these places, without their commits."""
    ids = [_id(scan["_id"], scan["attempt"], index) for index in indexes]
    found = collection("batches", Batch).find({"_id": {"$in": ids}}, {"commits": 0})
    return sorted(found, key=lambda batch: int(batch["index"]))


def of_scan(scan: Scan) -> list[Batch]:
    """Return the batches of a scan without what may be long: commits, tags and findings."""
    left_out = dict.fromkeys(("commits", "tags", "findings"), 0)
    found = collection("batches", Batch).find({"scan": scan["_id"]}, left_out)
    return [batch for batch in found if batch["attempt"] == scan.get("attempt")]


def open_of(scan: Scan, limit: int) -> list[Batch]:
    """Return up to *limit* batches of a scan that are not final, without their commits."""
    if "attempt" not in scan:
        return []
    which = {"open_in": _open_in(scan["_id"], scan["attempt"])}
    return list(collection("batches", Batch).find(which, {"commits": 0}).limit(limit))


def needs(material: str) -> bool:
    """Return whether an open batch of an open scan needs *material*; those of an abandoned attempt stay open."""
    found = collection("batches", Batch).find({"material": material}, {"open_in": 1, "scan": 1})
    owners = sorted({batch["scan"] for batch in found if "open_in" in batch})
    return any("running" in scan for scan in collection("scans").find({"_id": {"$in": owners}}, {"running": 1}))


def findings_of(scan: Scan) -> list[str]:
    """Return the ids of the findings that the batches of a scan introduce."""
    found = collection("batches", Batch).find({"scan": scan["_id"]}, {"attempt": 1, "findings": 1})
    mine = [batch for batch in found if batch["attempt"] == scan.get("attempt")]
    return sorted({finding for batch in mine for finding in batch.get("findings", ())})


def count_by_state(scan: Scan) -> dict[str, int]:
    """Count the batches of a scan by state."""
    return (
        client.count_by_state("batches", {"scan": scan["_id"], "attempt": scan["attempt"]}) if "attempt" in scan else {}
    )


def move(
    batch: Batch, target: str, actor: str, reason: str = "", *, fence: int | None = None, **fields: object
) -> Batch | None:
    """Move a batch to *target*; see `moves.Step`.

    Returns:
        The batch after the move; None if somebody else moved it first, the fence is old, or the move is not legal.
    """
    unset = () if target in lifecycle.OPEN_BATCH else ("open_in",)
    return moves.move("batches", lifecycle.BATCH, batch, moves.Step(target, actor, reason, fields, unset, fence))


def all_of(scan_id: str, limit: int) -> list[Batch]:
    """Return up to *limit* batches of a scan, those of abandoned enumerations and their commits included."""
    return list(collection("batches", Batch).find({"scan": scan_id}).limit(limit))


def delete(found: Sequence[Batch]) -> None:
    """Delete batches."""
    collection("batches").delete_many({"_id": {"$in": [batch["_id"] for batch in found]}})


def _id(scan: str, attempt: int, index: int) -> str:
    return key(scan, str(attempt), str(index))


def _open_in(scan: str, attempt: int) -> str:
    return f"{scan}|{attempt}"
