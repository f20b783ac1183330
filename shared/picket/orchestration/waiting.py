"""Who may fetch, and who waits: a forge and a repository have a limited number of places.

A scan without a place stays Queued, its event is finished, and it is asked for again when another scan leaves a place:
pushes before scheduled scans before full ones, and one scan of a repository at a time, so that none holds up the
others. What a dead worker left is asked for again by the sweep.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

from picket.effects import broker
from picket.effects.git.address import admitted
from picket.effects.mongo import leases, places, queues, scans
from picket.effects.mongo.documents import Scan
from picket.effects.mongo.places import Place
from picket.errors import Busy, TransientError
from picket.events import ScanRequested
from picket.events.spelling import former
from picket.settings import settings

_ACTOR = "enumerate"
_THIS_MACHINE = "this machine"
_LANES = ("push", "scheduled", "full")
_SHARES = {"scheduled": 0.75, "full": 0.5}
"""Part of a forge's places that scans of a kind may take. The others are for pushes, and the first is for none of them:
neither a push nor a full scan ever waits for all of the other kind."""

_ATTEMPTS = 4
"""Attempts that the broker's own retries make before a scan waits for its forge in the store."""
_MAX_FAILURES = 30
_FIRST_DELAY, _LONGEST_DELAY = timedelta(minutes=1), timedelta(hours=1)


def take_place(scan: Scan, forge: str, fence: int) -> Scan:
    """Let a scan that is Queued begin; it stays Queued where there is no place for it.

    Raises:
        Busy: Somebody else moved the scan.
    """
    queue, free = _look(scan, forge)
    if not places.take(free, scan):
        return _wait(scan, forge, queue or _lane(forge, scans.kind(scan)), fence)
    return _moved(scan, "Scheduling", fence, unset=("queue", "branch"), fetching=forge)


def put_off(scan: Scan, forge: str, fence: int, error: TransientError) -> Scan:
    """Leave the place at a forge that does not answer: the broker's retries come first, then longer and longer waits.

    Raises:
        TransientError: *error*, while the broker's own retries are the quicker way, and in the end.
    """
    failures = scan.get("failures", 0) + 1
    doublings = min(max(0, failures - _ATTEMPTS), _MAX_FAILURES)  # more would be no timedelta any more
    delay = min(_FIRST_DELAY * 2**doublings, _LONGEST_DELAY)
    later: dict[str, object] = {} if failures < _ATTEMPTS else {"due": scans.in_time(delay)}
    put = _moved(
        scan,
        "Queued",
        fence,
        reason=str(error),
        unset=("fetching",),
        branch=scans.branch(scan["repository"], scan["ref"]),
        origin=_origin(),
        failures=failures,
        **later,
    )
    notify_next(put, forge)
    if not later or failures > _MAX_FAILURES:
        raise error
    return put


def leave_place(scan: Scan, forge: str) -> None:
    """Leave a place without having got anywhere, and ask for those that wait for it."""
    scans.leave(scan, "fetching")
    notify_next(scan, forge)


def ask_for_many(requests: Sequence[ScanRequested]) -> None:
    """Ask for as many scans as their forges have places; the others wait in the store from the start.

    The stream then never holds so many requests that a push is behind them.
    """
    first: list[ScanRequested] = []
    asked: Counter[str] = Counter()
    for request in requests:
        forge = forge_of(request)
        asked[forge] += 1
        if asked[forge] <= settings().fetches_per_host:
            first.append(request)
        else:
            queues.enqueue(request.scan, _lane(forge, request.kind), _origin())
    broker.emit(*first)


def forge_of(request: ScanRequested) -> str:
    """Return whose places a scan takes.

    Raises:
        Malformed: Its address is invalid.
        Unsupported: Its address is not admitted.
    """
    return admitted(request.url).host or _THIS_MACHINE


def notify_next(scan: Scan, forge: str) -> None:
    """Ask again for those that wait for what *scan* has left: its repository, and its forge."""
    if not queues.any_waits():  # as for most pushes: one look in place of four
        return
    next_of_forge = (found for lane in _LANES for found in queues.waiting(_lane(forge, lane)))
    for waiting in (*queues.waiting(_repository(scan)), *list(next_of_forge)[:2]):
        ask_again(waiting)


def notify_unless_held(scan: Scan, forge: str) -> None:
    """Ask for those that wait behind a scan that needs no place any more, unless the holder of a place will."""
    if not any(other["repository"] == scan["repository"] for other in holders(scan, forge)):
        notify_next(scan, forge)


def ask_again(scan: Scan) -> None:
    """Hand a scan's request to the broker once more; then, and only then, it no longer waits.

    One that has waited anew since is asked for by another event: the broker drops an id that it has seen.
    """
    broker.emit_for(scan.get("origin", {}), scans.request_of(scan), scan["revision"])
    if "queue" in scan:
        scans.leave(scan, "queue")
    else:
        scans.put_off(scan)


def retry_at(scan: Scan) -> str | None:
    """Return when a scan whose forge did not answer is tried again (RFC 3339); None if it does not wait for that."""
    waits = scan["state"] == "Queued" and scan.get("failures", 0) >= _ATTEMPTS
    return scans.due_at(scan) if waits and not {"queue", "taken_by"} & scan.keys() else None


def holders(scan: Scan, forge: str) -> list[Scan]:
    """Return the other scans that have a place at *forge* and whose workers are alive."""
    return [other for other in scans.fetching(forge) if other["_id"] != scan["_id"] and leases.runs(other)]


def _look(scan: Scan, forge: str) -> tuple[str, list[Place]]:
    """Return where a scan must wait, empty if it need not, and the places that it may take."""
    others = holders(scan, forge)
    if any(other["repository"] == scan["repository"] for other in others):
        return _repository(scan), []
    total = settings().fetches_per_host
    fetching = [other["_id"] for other in others]
    free = places.free(forge, scan, _numbers(scans.kind(scan), total), total, fetching)
    return "" if free else _lane(forge, scans.kind(scan)), free


def _numbers(kind: str, total: int) -> Sequence[int]:
    """Return the places of a forge that scans of a kind may take, in the order in which they are tried."""
    if kind in _SHARES:
        return range(max(1, int(total * _SHARES[kind])))
    return range(total - 1, 0, -1) if total > 1 else range(1)


def _wait(scan: Scan, forge: str, queue: str, fence: int) -> Scan:
    """Put a scan into a queue, unless what it waits for has become free meanwhile: then no other scan would wake it."""
    waiting = _moved(
        scan,
        "Queued",
        fence,
        reason=f"waits: {queue.partition('|')[0]} is busy",
        unset=("fetching",),
        queue=queues.turn(queue, scan["created_at"], scan["_id"]),
        branch=scans.branch(scan["repository"], scan["ref"]),
        origin=_origin(),
    )
    if not _look(waiting, forge)[0]:
        ask_again(waiting)
    return waiting


def _moved(
    scan: Scan, target: str, fence: int, *, reason: str = "", unset: tuple[str, ...] = (), **fields: object
) -> Scan:
    moved = scans.move(scan, target, _ACTOR, reason, unset=unset, fence=fence, **fields)
    if moved is None:
        raise Busy(f"scan {scan['_id']} was changed by others")
    return moved


def _origin() -> dict[str, str]:
    """Return on whose account a scan waits, so that it continues in its own trace, whichever scan wakes it."""
    return {"correlation": broker.cause().correlation or broker.cause().id, "traceparent": broker.trace()}


def _lane(forge: str, kind: str) -> str:
    return f"forge|{former(kind)}|{forge}"


def _repository(scan: Scan) -> str:
    return f"repository|{scan['repository']}"
