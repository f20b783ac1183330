"""Scans: requests to look at a repository, every move a compare-and-set kept in their history.

Some fields are there only while something is so, which makes their index short: `running` (the repository) while the
scan is open, `open_under` (the parent) until a child's end is told, `queue` while it waits for a place (see `queues`),
`branch` while it can be merged into another scan of the branch, `fetching` (the forge) while it has a place there,
`untold` (the id of the event that ended it) from its last move until others are told of it. `due` is when the sweep
looks at it next, there until others are told of its end. `place` is the time that it was asked for and its id in one
text, in whose order scans are listed; `open` is the same, there while the scan is open.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Literal

from picket.commits import lifecycle
from picket.effects.mongo import moves
from picket.effects.mongo.client import Document, collection, count, count_by_state, key
from picket.effects.mongo.documents import Scan
from picket.effects.mongo.leases import UNLEASED
from picket.effects.mongo.schedules import MARK, unmarked
from picket.effects.mongo.schema import STAMP, readable
from picket.errors import Gone
from picket.events import ScanRequested, ago, now
from picket.events.spelling import today

STATES = ("open", "ended", "all", *sorted({move.target for move in lifecycle.SCAN} | {"New"}))
"""What scans can be listed by."""

FORMER_DUE = ("idle_since", "retry_at")
"""Fields in which a former version kept when it looks at a scan next."""
IDLE = timedelta(minutes=10)
"""Longer than an event is retried: if nothing of a scan moves for so long, something was lost."""
_WHILE_OPEN = ("running", "open", "queue", "branch", "fetching", *FORMER_DUE)
_UNPLACED = "-|"
"""Begins the position of a scan that an earlier version recorded, without a place: it follows all that have one."""


def open_scan(request: ScanRequested, actor: str, *, root: str = "", wanted: int = 0) -> Scan:
    """Record a scan as `record` does, and return it as it is now."""
    record(request, actor, root=root, wanted=wanted)
    return get(request.scan)


def record(request: ScanRequested, actor: str, *, root: str = "", wanted: int = 0) -> None:
    """Record a scan unless it is there already.

    Args:
        request: What is asked for.
        actor: Who asks: a function or a person.
        root: Root event on whose account a rule asks, for the budget of scans.
        wanted: Number of repositories, of a scan of many.
    """
    created = now()
    optional = {
        "root": root,
        "wanted": wanted,
        "open_under": request.parent,
        "branch": branch(request.repository, request.ref) if request.repository else "",
    }
    collection("scans").update_one(
        {"_id": request.scan},
        {
            "$setOnInsert": {
                **request.model_dump(exclude={"scan", "chain"}),
                "chain": list(request.chain),
                "running": request.repository,
                "created_at": created,
                **dict.fromkeys(("place", "open"), f"{MARK}{created}|{request.scan}"),
                "due": in_time(IDLE),
                "commits": 0,
                "completed_at": None,
                **moves.first("New", actor, request.reason),
                **UNLEASED,
                **STAMP,
                **{name: value for name, value in optional.items() if value},
            }
        },
        upsert=True,
    )


def branch(repository: str, ref: str) -> str:
    """Return what stands for a branch of a repository in `branch`; no ref stands for all of them."""
    return key(repository, ref)


def kind(scan: Scan) -> str:
    """Return the kind of a scan as it is called today."""
    return today(scan["kind"])


def request_of(scan: Scan) -> ScanRequested:
    """Return the request that led to a scan."""
    return ScanRequested.model_validate({**scan, "scan": scan["_id"]})


def get(scan_id: str) -> Scan:
    """Return a scan.

    Raises:
        Gone: It does not exist.
    """
    document = find(scan_id)
    if document is None:
        raise Gone(f"scan {scan_id} is not known")
    return document


def find(scan_id: str) -> Scan | None:
    """Return a scan, or None."""
    return readable(collection("scans", Scan).find_one({"_id": scan_id}))


def has_begun(scan_id: str) -> bool:
    """Return whether a scan is there and its request has arrived where it is worked on."""
    found = find(scan_id)
    return found is not None and found["state"] != "New"


def children(scan_id: str) -> list[Scan]:
    """Return the child scans of a scan, oldest first."""
    return sorted(collection("scans", Scan).find({"parent": scan_id}), key=lambda scan: str(scan["created_at"]))


def children_by_state(scan_id: str) -> dict[str, int]:
    """Count the child scans of a scan by state."""
    return count_by_state("scans", {"parent": scan_id})


def open_children(scan_id: str, limit: int) -> list[Scan]:
    """Return up to *limit* child scans of a scan that are not final."""
    which: Document = {"open_under": scan_id, "state": {"$in": sorted(lifecycle.OPEN_SCAN)}}
    return list(collection("scans", Scan).find(which).limit(limit))


def has_open_child(scan_id: str) -> bool:
    """Return whether the end of a child scan is still to be told."""
    return collection("scans", Scan).find_one({"open_under": scan_id}, {"_id": 1}) is not None


def count_open_children(scan_id: str) -> int:
    """Count the child scans of a scan whose end is not announced yet."""
    return count("scans", {"open_under": scan_id})


def merged_into(scan_id: str) -> list[Scan]:
    """Return the scans whose commits *scan_id* looks at in their place."""
    return list(collection("scans", Scan).find({"taken_by": scan_id}))


def waiting_of_branch(name: str, limit: int) -> list[Scan]:
    """Return scans of one branch (see `branch`) that have not begun, oldest first."""
    return list(collection("scans", Scan).find({"branch": name}).sort("created_at", 1).limit(limit))


def running(repository: str | None = None, limit: int = 100) -> list[Scan]:
    """Return scans that are not final, of one repository or of all."""
    which: Document = {"running": repository} if repository else {"open": {"$gt": ""}}
    return list(collection("scans", Scan).find(which).limit(limit))


def page(after: str, limit: int, *, state: str = "open", repository: str = "") -> list[Scan]:
    """Return scans, the newest first; `place` of each is its position in the list.

    Args:
        after: Only scans whose position follows this one.
        limit: At most so many.
        state: One of `STATES`.
        repository: Only of this one (its id); empty: of all.
    """
    field = "open" if state == "open" else "place"
    which: Document = {"repository": repository} if repository else {}
    if state == "ended":
        which["state"] = {"$in": sorted(lifecycle.FINAL)}
    elif state not in {"open", "all"}:
        which["state"] = state
    listed = collection("scans", Scan).find({**which, field: {"$gt": "", "$lt": after or "~"}})
    found = list(listed.sort(field, -1).limit(limit))
    return found if len(found) == limit else [*found, *_unplaced(which, after, limit - len(found), state)]


def _unplaced(which: Document, after: str, limit: int, state: str) -> list[Scan]:
    """Return scans that an earlier version recorded, by id."""
    which = {**which, "place": None}
    if state == "open":
        which["running"] = {"$exists": True}
    if after.startswith(_UNPLACED):
        which["_id"] = {"$gt": after.removeprefix(_UNPLACED)}
    found = collection("scans", Scan).find(which).sort("_id", 1).limit(limit)
    return [{**scan, "place": f"{_UNPLACED}{scan['_id']}"} for scan in found]


def due(limit: int) -> list[Scan]:
    """Return up to *limit* scans that the sweep is to look at by now, longest due first."""
    return list(collection("scans", Scan).find({"due": {"$lt": in_time(timedelta())}}).sort("due", 1).limit(limit))


def due_at(scan: Scan) -> str:
    """Return when the sweep looks at a scan next (RFC 3339); empty if it does not."""
    return unmarked(scan.get("due", ""))


def told(scan_id: str) -> None:
    """Note that others were told of a scan's end."""
    collection("scans").update_one({"_id": scan_id}, {"$unset": {"untold": "", "due": ""}})


def leave_parent(scan_id: str) -> None:
    """Note that others were told of a child's end, so that its parent need not wait for it."""
    collection("scans").update_one({"_id": scan_id}, {"$unset": {"open_under": ""}})


def release_told(scan_id: str) -> None:
    """Let a scan wait no longer for children whose ends were told by an older revision, which leaves `open_under`."""
    told_of: Document = {"state": {"$in": sorted(lifecycle.FINAL)}, "untold": {"$exists": False}}
    collection("scans").update_many({"open_under": scan_id, **told_of}, {"$unset": {"open_under": ""}})


def fetching(forge: str) -> list[Scan]:
    """Return the scans that have a place at *forge*."""
    return list(collection("scans", Scan).find({"fetching": forge}))


def count_for_root(root: str) -> int:
    """Count the scans that rules asked for on account of one root event."""
    return count("scans", {"root": root})


def move(  # noqa: PLR0913 - a step's parts, which read better at the call
    scan: Scan,
    target: str,
    actor: str,
    reason: str = "",
    *,
    unset: tuple[str, ...] = (),
    fence: int | None = None,
    **fields: object,
) -> Scan | None:
    """Move a scan to *target*; see `moves.Step`.

    Returns:
        The scan after the move; None if somebody else moved it first, or the move is not legal.
    """
    final = target in lifecycle.FINAL
    at = {"completed_at": now(), "due": in_time(timedelta())} if final else {"due": in_time(IDLE)}
    step = moves.Step(target, actor, reason, {**at, **fields}, _WHILE_OPEN if final else unset, fence)
    return moves.move("scans", lifecycle.SCAN, scan, step)


def advance(scan: Scan, targets: Iterable[str], actor: str) -> Scan:
    """Move a scan through those of *targets* that lie ahead of it, each step kept in its history."""
    for target in targets:
        scan = move(scan, target, actor) or scan
    return scan


def leave(scan: Scan, field: Literal["queue", "fetching", "taken_by"]) -> bool:
    """Take *field* away; False if somebody else did, or has moved the scan since it was read: it may wait anew."""
    result = collection("scans").update_one(
        {"_id": scan["_id"], field: scan[field], "revision": scan["revision"]},
        {"$unset": {field: ""}, "$set": {"due": in_time(IDLE)}},
    )
    return result.modified_count == 1


def put_off(scan: Scan, span: timedelta = IDLE) -> None:
    """Let the sweep look at a scan after *span*, unless it was moved, or others were told of its end, meanwhile."""
    which = {"_id": scan["_id"], "revision": scan["revision"], "due": {"$gt": ""}}
    collection("scans").update_one(which, {"$set": {"due": in_time(span)}})


def in_time(span: timedelta) -> str:
    """Return what `due` holds of a scan to be looked at after *span*."""
    return MARK + ago(-span)


def set_scored(scan_id: str) -> None:
    """Note that the score has taken a scan into account."""
    collection("scans").update_one({"_id": scan_id}, {"$set": {"scored_at": now()}})


def of_repository(repository: str, limit: int) -> list[Scan]:
    """Return up to *limit* scans of a repository."""
    return list(collection("scans", Scan).find({"repository": repository}).limit(limit))


def delete(scan_id: str) -> None:
    """Delete a scan."""
    collection("scans").delete_one({"_id": scan_id})
