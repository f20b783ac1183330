"""Cancelling a scan: the scan at once, then, by events, what is open of it; cancelling again goes on from there.

Others are told of a cancelled scan's end when all of it has ended.
"""

from __future__ import annotations

from picket.commits import lifecycle
from picket.effects import broker
from picket.effects.mongo import batches, leases, scans, tool_runs
from picket.effects.mongo.documents import Batch, Scan
from picket.errors import Busy, Conflict
from picket.events import CancellationRequested
from picket.orchestration import completion

_ACTOR = "enumerate"
_TRIES = 5
AT_ONCE = 100
"""Children, and batches, that one event ends."""


def ask(scan_id: str, actor: str, reason: str) -> Scan:
    """Cancel a scan, and ask for its children and batches to be ended.

    Returns:
        The scan as it is now.

    Raises:
        Gone: There is no such scan.
        Conflict: It has ended otherwise.
        Busy: Others kept changing it.
    """
    scan = _end(scan_id, actor, reason)
    ask_for_the_rest(scan, reason)
    return scan


def ask_for_the_rest(scan: Scan, reason: str = "cancelled") -> None:
    """Ask for what is open of a cancelled scan to be ended."""
    broker.emit(CancellationRequested(repository=scan["repository"], scan=scan["_id"], reason=reason))


def carry_on(event: CancellationRequested) -> None:
    """End some of the children and batches of a cancelled scan, and ask for the next ones if there are more."""
    scan = scans.find(event.scan)
    if scan is None or scan["state"] != "Cancelled":
        return
    leases.revoke("scans", scan["_id"])
    children = scans.open_children(scan["_id"], AT_ONCE)
    ended = sum(_end_child(child, f"with {scan['_id']}") for child in children)
    ended += sum(_end_batch(batch, event.reason) for batch in batches.open_of(scan, AT_ONCE))
    ended += sum(tool_runs.end(run, "Cancelled", event.reason) for run in tool_runs.open_of(scan["_id"], AT_ONCE))
    completion.settle(scan["_id"], _ACTOR)
    if ended and completion.is_ending(scan):
        ask_for_the_rest(scan, event.reason)


def _end_child(child: Scan, reason: str) -> bool:
    """Cancel a child with what is open of it; False if it has ended meanwhile, which is just as well."""
    try:
        ask(child["_id"], _ACTOR, reason)
    except Conflict:
        return False
    return True


def _end_batch(batch: Batch, reason: str) -> bool:
    """Cancel a batch; False if it is scanned already, or somebody else moved it."""
    if batches.move(batch, "Cancelled", _ACTOR, reason) is None:
        return False
    leases.revoke("batches", batch["_id"])
    return True


def _end(scan_id: str, actor: str, reason: str) -> Scan:
    for _ in range(_TRIES):
        scan = scans.get(scan_id)
        if scan["state"] == "Cancelled":
            return scan
        if scan["state"] in lifecycle.FINAL:
            raise Conflict(f"the scan has ended: {scan['state']}")
        if completion.finish(scan, "Cancelled", reason, actor=actor):
            leases.revoke("scans", scan_id)
    raise Busy(f"scan {scan_id} is being changed by others")
