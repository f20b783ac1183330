"""Taking along what waits: one scan looks at the commits of several requests for one branch, or for the same thing."""

from __future__ import annotations

from picket.commits import lifecycle, selection
from picket.effects import broker
from picket.effects.mongo import scans
from picket.effects.mongo.client import Document, collection
from picket.events import ScanRequested

_ACTOR = "enumerate"
_MOST = 200
"""Requests that are taken along at once."""


def take_along(scan: Document, request: ScanRequested) -> tuple[Document, ScanRequested]:
    """Let *scan* look at the commits of those that nobody has begun yet; they end as it does.

    Returns:
        The scan, and its request with the end of its range moved to that of the last one taken along.
    """
    waiting = [other for other in scans.waiting_of_branch(_branch(scan), _MOST) if other["_id"] != scan["_id"]]
    mine = scans.taken_along(scan["_id"]) if scan.get("took") else []
    # Of two that follow the same commit the last is chosen: what was taken before must stay part of the range.
    chosen = selection.chain(request, [scans.request_of(other) for other in (*waiting, *mine)])
    by_id = {other["_id"]: other for other in (*mine, *waiting)}
    for follower in chosen:
        scan = _mark(scan)
        if not _take(scan, by_id[follower.scan]):
            break
        request = request.model_copy(update={"after": follower.after})
    return scan, request


def ends(scan: Document) -> list[str]:
    """Return the commits that the pushes end at which *scan* looks at, its own first; none where it is no push.

    The last of them need not lead to the others: not every sender tells of a push that it was forced.
    """
    if scan["kind"] != "reactive" or not scan.get("took"):
        return []
    return [scan["after"], *(other["after"] for other in scans.taken_along(scan["_id"]))]


def looked_at_all(taker: Document) -> bool:
    """Tell whether a scan that has ended looked at the commits of those that it took along.

    One that took others along, failed to fetch, and was then taken along itself did not: whoever took it looked at its
    own commits, not at theirs.
    """
    return taker["state"] == "Done" and "taken_by" not in taker


def let_all_go(scan: Document) -> bool:
    """Let those that *scan* took along go on by themselves; False if there are none.

    Whoever dies half way leaves them to the sweep: sent first, a request could come while they are still taken.
    """
    others = scans.taken_along(scan["_id"])
    for other in others:
        scans.leave(other, "taken_by")
        broker.emit(scans.request_of(other))
    return bool(others)


def let_go(scan: Document) -> Document:
    """Take a scan from the one that took it along, if that has ended without having looked at all of it.

    Its request may come before whoever ended the other one has let it go: it must neither end nor wait with that.

    Returns:
        The scan as it is now.
    """
    taker = scans.find(scan["taken_by"]) if "taken_by" in scan else None
    if taker is None or taker["state"] not in lifecycle.FINAL or looked_at_all(taker):
        return scan
    scans.leave(scan, "taken_by")
    return scans.get(scan["_id"])


def _branch(scan: Document) -> str:
    return scans.branch(scan["repository"], scan["ref"])


def _mark(scan: Document) -> Document:
    """Note that others have to be told of this scan's end, before there are any."""
    if not scan.get("took"):
        collection("scans").update_one({"_id": scan["_id"]}, {"$set": {"took": True}})
    return {**scan, "took": True}


def _take(scan: Document, other: Document) -> bool:
    """Take one along unless it was taken before; False if somebody has begun it meanwhile."""
    if other.get("taken_by") == scan["_id"]:
        return True
    reason = f"taken along by {scan['_id']}"
    unset = ("branch", "queue", "retry_at")
    return scans.move(other, "Queued", _ACTOR, reason, unset=unset, taken_by=scan["_id"]) is not None
