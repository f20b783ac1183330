"""Cancelling a scan: the scan first, then what is open of it; cancelling again does what an earlier attempt left."""

from __future__ import annotations

from picket.commits import lifecycle
from picket.effects.mongo import batches, leases, scans
from picket.effects.mongo.client import Document
from picket.errors import Busy, Conflict
from picket.orchestration import completion

_TRIES = 5
_AT_ONCE = 1_000


def cancel(scan_id: str, actor: str, reason: str) -> Document:
    """Cancel a scan with its children and batches; workers lose their leases and notice.

    Returns:
        The scan as it is now.

    Raises:
        Gone: There is no such scan.
        Conflict: It has ended otherwise.
        Busy: Others kept changing it.
    """
    scan = _end(scan_id, actor, reason)
    leases.revoke("scans", scan_id)
    for child in scans.children(scan_id):
        if child["state"] in lifecycle.OPEN_SCAN | {"Cancelled"}:
            cancel(child["_id"], actor, f"with {scan_id}")
    while sum(_end_batch(batch, actor, reason) for batch in batches.open_of(scan, _AT_ONCE)):
        continue
    return scan


def _end_batch(batch: Document, actor: str, reason: str) -> bool:
    """Cancel a batch; False if it is scanned already, or somebody else moved it."""
    if batches.move(batch, "Cancelled", actor, reason) is None:
        return False
    leases.revoke("batches", batch["_id"])
    return True


def _end(scan_id: str, actor: str, reason: str) -> Document:
    for _ in range(_TRIES):
        scan = scans.get(scan_id)
        if scan["state"] == "Cancelled":
            completion.settle(scan_id, actor)
            return scan
        if scan["state"] in lifecycle.FINAL:
            raise Conflict(f"the scan has ended: {scan['state']}")
        completion.finish(scan, "Cancelled", reason, actor=actor)
    raise Busy(f"scan {scan_id} is being changed by others")
