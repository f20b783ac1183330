"""Picking up what was left lying: by a worker that died, a broker that was away, a forge that did not answer.

Nothing that it asks for again does harm if it was under way after all: every event may come twice.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from picket.commits import lifecycle
from picket.effects import broker, telemetry
from picket.effects.mongo import batches, finding_lists, leases, listing, scans, teams
from picket.effects.mongo.client import Document
from picket.effects.telemetry import note
from picket.errors import Busy, Newer
from picket.events import CommitBatchScanned, TeamChanged
from picket.orchestration import cancellation, completion, dispatch, duties, merging, waiting

_ACTOR = "sweep"
_IDLE = timedelta(minutes=10)
"""Longer than an event is retried."""
_ENTERED_AT_ONCE = 1_000
"""Documents of a former version that one event enters in a list."""
AT_ONCE = 100
"""Scans of one kind that one event asks for again."""


def return_work_of_the_dead(_cursor: str) -> str | None:
    """Put work whose lease ran out back into the queue; fail what too many workers died over."""
    expired = leases.expired("batches", AT_ONCE + 1)
    duties.each("leases", expired[:AT_ONCE], _take_batch, partial(leases.put_off, "batches"))
    others = leases.expired("scans", AT_ONCE + 1)
    duties.each("leases", others[:AT_ONCE], _take_scan, partial(leases.put_off, "scans"))
    return duties.more(max(len(expired), len(others)) > AT_ONCE)


def tell(cursor: str) -> str | None:
    """Announce the ends of scans that are not announced yet, and continue cancellations that stand still.

    Those of a piece may stay untold for as long as something of them is open: the next piece begins after them.
    """
    found = scans.untold(cursor, AT_ONCE + 1)
    duties.each("untold", found[:AT_ONCE], _tell)
    return str(found[AT_ONCE - 1]["_id"]) if len(found) > AT_ONCE else None


def retry(_cursor: str) -> str | None:
    """Ask again for the scans whose forges did not answer and that have waited long enough."""
    found = scans.to_be_retried(AT_ONCE + 1)
    duties.each("retries", found[:AT_ONCE], waiting.ask_again, scans.put_off_retry)
    return duties.more(len(found) > AT_ONCE)


def nudge_idle(_cursor: str) -> str | None:
    """Ask again for whatever the scans wait for in which nothing has moved for long."""
    found = scans.idle(_IDLE, AT_ONCE + 1)
    duties.each("idle", found[:AT_ONCE], nudge, lambda scan: scans.touch(scan["_id"]))
    return duties.more(len(found) > AT_ONCE)


def enter_in_lists(_cursor: str) -> str | None:
    """Enter what a former version recorded in the lists by which pages are read fast."""
    return duties.more(any(listing.enter_some(name, _ENTERED_AT_ONCE) for name in listing.COLLECTIONS))


def evaluate_teams(cursor: str) -> str | None:
    """Ask for the scores of teams for which a change is noted and not evaluated yet."""
    names = teams.waiting(cursor, AT_ONCE + 1)
    broker.emit(*(TeamChanged(team=name) for name in names[:AT_ONCE]))
    return names[AT_ONCE - 1] if len(names) > AT_ONCE else None


def count_findings(_cursor: str) -> str | None:
    """Tell how many findings are open, if anybody wants to know."""
    if telemetry.is_on():
        for severity, count in finding_lists.count_open().items():
            telemetry.gauge("picket_open_findings", count, severity=severity)
    return None


def nudge(scan: Document) -> None:
    """Ask again for whatever an open scan that has not moved for long waits for."""
    if scan["state"] in lifecycle.ENUMERATED:
        scans.release_told(scan["_id"])
        for batch in [] if scan["kind"] == "bulk" else batches.open_of(scan, scan["window"]):
            _hand_out(batch, scan)
        _settle(scan)
    elif "taken_by" in merging.unmerge(scan):
        _settle(scan)
    else:
        waiting.ask_again(scan)
    scans.touch(scan["_id"])
    note("idle scan asked for again", scan=scan["_id"], state=scan["state"])


def _tell(scan: Document) -> None:
    scans.release_told(scan["_id"])
    if completion.is_ending(scan):
        cancellation.ask_for_the_rest(scan)
    else:
        _settle(scan)


def _hand_out(batch: Document, scan: Document) -> None:
    if batch["state"] != "Scanned":
        broker.emit(dispatch.created(batch, scan))
        return
    broker.emit(CommitBatchScanned.of(batch, tuple(scan["chain"])))


def _take_batch(batch: Document) -> None:
    if leases.end("batches", batch):
        _requeue_batch(batches.get(batch["_id"]))


def _take_scan(scan: Document) -> None:
    if leases.end("scans", scan):
        _requeue_scan(scans.get(scan["_id"]))


def _requeue_batch(batch: Document) -> None:
    note("batch taken from a dead worker", batch=batch["_id"], takeovers=batch["takeovers"])
    scan = scans.get(batch["scan"])
    if batch["takeovers"] >= lifecycle.MAX_TAKEOVERS:
        completion.give_up(dispatch.created(batch, scan), _ACTOR, f"{batch['takeovers']} workers died over it")
        return
    batch = batches.move(batch, "Queued", _ACTOR, "its worker died") or batch
    if batch["state"] == "Queued":
        broker.emit(dispatch.created(batch, scan))


def _requeue_scan(scan: Document) -> None:
    note("scan taken from a dead worker", scan=scan["_id"], takeovers=scan["takeovers"])
    if scan["takeovers"] >= lifecycle.MAX_TAKEOVERS:
        completion.give_up(scans.request_of(scan), _ACTOR, f"{scan['takeovers']} workers died over it")
        return
    if scan["state"] == "Scheduling":
        scan = scans.move(scan, "Queued", _ACTOR, "its worker died", unset=("fetching",)) or scan
    if scan["state"] not in lifecycle.FINAL | lifecycle.ENUMERATED:
        waiting.ask_again(scan)


def _settle(scan: Document) -> None:
    try:
        completion.settle(scan["_id"], _ACTOR)
    except (Busy, Newer) as error:
        note("scan is left to others", scan=scan["_id"], reason=type(error).__name__)
