"""Merging requests that wait: one scan looks at the commits of several requests for the same branch."""

from __future__ import annotations

from picket.commits import lifecycle, selection
from picket.effects import broker
from picket.effects.mongo import scans
from picket.effects.mongo.client import collection
from picket.effects.mongo.documents import Scan
from picket.events import ScanRequested

_ACTOR = "enumerate"
_MOST = 200
"""Requests that are merged at once."""


def merge_waiting(scan: Scan, request: ScanRequested) -> tuple[Scan, ScanRequested]:
    """Merge the requests for the same branch that have not begun into *scan*; they end as it does.

    Returns:
        The scan, and its request with the end of its range moved to that of the last one merged.
    """
    waiting = [other for other in scans.waiting_of_branch(_branch(scan), _MOST) if other["_id"] != scan["_id"]]
    mine = scans.merged_into(scan["_id"]) if scan.get("took") else []
    # Of two that follow the same commit the last is chosen: what was taken before must stay part of the range.
    chosen = selection.chain(request, [scans.request_of(other) for other in (*waiting, *mine)])
    by_id = {other["_id"]: other for other in (*mine, *waiting)}
    for follower in chosen:
        scan = _mark(scan)
        if not _take(scan, by_id[follower.scan]):
            break
        request = request.model_copy(update={"after": follower.after})
    return scan, request


def ends(scan: Scan) -> list[str]:
    """Return the commits that the pushes end at which *scan* looks at, its own first; none where it is no push.

    The last of them need not lead to the others: not every sender tells of a push that it was forced.
    """
    if scans.kind(scan) != "push" or not scan.get("took"):
        return []
    return [scan["after"], *(other["after"] for other in scans.merged_into(scan["_id"]))]


def looked_at_all(taker: Scan) -> bool:
    """Return whether a scan that has ended looked at the commits of the scans merged into it.

    One that failed to fetch and was then merged itself did not: the scan that it was merged into looked at its commits,
    not at theirs.
    """
    return taker["state"] == "Done" and "taken_by" not in taker


def unmerge_all(scan: Scan) -> bool:
    """Release the scans merged into *scan*, so that each runs on its own; return False if there are none.

    If the worker dies half way, the sweep takes over. A request that was sent first could arrive while its scan is
    still merged.
    """
    others = scans.merged_into(scan["_id"])
    for other in others:
        scans.leave(other, "taken_by")
        broker.emit(scans.request_of(other))
    return bool(others)


def unmerge(scan: Scan) -> Scan:
    """Let a scan run by itself again if the one that it was merged into ended without looking at all of its commits.

    Its request may come before the other scan's end has released it: it must neither end nor wait with that scan.

    Returns:
        The scan as it is now.
    """
    taker = scans.find(scan["taken_by"]) if "taken_by" in scan else None
    if taker is None or taker["state"] not in lifecycle.FINAL or looked_at_all(taker):
        return scan
    scans.leave(scan, "taken_by")
    return scans.get(scan["_id"])


def _branch(scan: Scan) -> str:
    return scans.branch(scan["repository"], scan["ref"])


def _mark(scan: Scan) -> Scan:
    """Note that other scans end with this one, before any does."""
    if not scan.get("took"):
        collection("scans").update_one({"_id": scan["_id"]}, {"$set": {"took": True}})
    return {**scan, "took": True}


def _take(scan: Scan, other: Scan) -> bool:
    """Merge a scan unless it is merged already; False if it has begun meanwhile."""
    if other.get("taken_by") == scan["_id"]:
        return True
    reason = f"merged into {scan['_id']}"
    unset = ("branch", "queue")
    return scans.move(other, "Queued", _ACTOR, reason, unset=unset, taken_by=scan["_id"]) is not None
