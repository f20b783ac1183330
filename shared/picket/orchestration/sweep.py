"""Picking up what was left lying: by a worker that died, a broker that was away, a forge that did not answer.

Nothing that it asks for again does harm if it was under way after all: every event may come twice.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from picket.commits import lifecycle
from picket.effects import broker, telemetry
from picket.effects.mongo import batches, finding_lists, former, leases, listing, scans, teams
from picket.effects.mongo.documents import Batch, Scan
from picket.effects.telemetry import note
from picket.errors import Busy, Newer
from picket.events import CommitBatchScanned, TeamChanged
from picket.orchestration import cancellation, completion, dispatch, duties, merging, waiting

_ACTOR = "sweep"
_IN_A_MOMENT, _LATER = timedelta(minutes=1), timedelta(hours=1)
"""When a scan that is still ending is looked at again, and one that could not be handled."""
_ENTERED_AT_ONCE = 1_000
"""Documents of a former version that one event enters in a list."""
AT_ONCE = 100
"""Scans of one kind that one event asks for again."""


def return_work_of_the_dead(_cursor: str) -> str | None:
    """Put work whose lease ran out back into the queue; fail what too many workers died over."""
    expired = leases.expired("batches", Batch, AT_ONCE + 1)
    duties.each("leases", expired[:AT_ONCE], _take_batch, partial(leases.put_off, "batches"))
    others = leases.expired("scans", Scan, AT_ONCE + 1)
    duties.each("leases", others[:AT_ONCE], _take_scan, partial(leases.put_off, "scans"))
    return duties.more(max(len(expired), len(others)) > AT_ONCE)


def nudge_due(_cursor: str) -> str | None:
    """Look after the scans that are due.

    Nothing has moved in them for long, their forge did not answer and they have waited long enough, or they have ended
    and others were not told.
    """
    found = scans.due(AT_ONCE + 1)
    duties.each("idle", found[:AT_ONCE], nudge, lambda scan: scans.put_off(scan, _LATER))
    return duties.more(len(found) > AT_ONCE)


def enter_in_lists(_cursor: str) -> str | None:
    """Enter what a former version recorded in the lists by which pages are read fast and the sweep finds its work."""
    left = [former.let_scans_be_due(_ENTERED_AT_ONCE)]
    left += [listing.enter_some(name, _ENTERED_AT_ONCE) for name in listing.COLLECTIONS]
    return duties.more(any(left))


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


def nudge(scan: Scan) -> None:
    """Ask again for whatever an open scan waits for; tell others of the end of one that has ended."""
    if scan["state"] in lifecycle.FINAL:
        _tell(scan)
        return
    if scan["state"] in lifecycle.ENUMERATED:
        scans.put_off(scan)
        scans.release_told(scan["_id"])
        for batch in [] if scans.kind(scan) == "group" else batches.open_of(scan, scan["window"]):
            _hand_out(batch, scan)
        _settle(scan)
    elif "taken_by" in merging.unmerge(scan):
        scans.put_off(scan)
        _settle(scan)
    else:
        waiting.ask_again(scan)
    note("due scan asked for again", scan=scan["_id"], state=scan["state"])


def _tell(scan: Scan) -> None:
    scans.release_told(scan["_id"])
    scans.put_off(scan, _IN_A_MOMENT)
    if completion.is_ending(scan):
        cancellation.ask_for_the_rest(scan)
    else:
        _settle(scan)


def _hand_out(batch: Batch, scan: Scan) -> None:
    if batch["state"] != "Scanned":
        broker.emit(dispatch.created(batch, scan))
        return
    broker.emit(CommitBatchScanned.of(batch, tuple(scan["chain"])))


def _take_batch(batch: Batch) -> None:
    if leases.end("batches", batch):
        _requeue_batch(batches.get(batch["_id"]))


def _take_scan(scan: Scan) -> None:
    if leases.end("scans", scan):
        _requeue_scan(scans.get(scan["_id"]))


def _requeue_batch(batch: Batch) -> None:
    note("batch taken from a dead worker", batch=batch["_id"], takeovers=batch["takeovers"])
    scan = scans.get(batch["scan"])
    if batch["takeovers"] >= lifecycle.MAX_TAKEOVERS:
        completion.give_up(dispatch.created(batch, scan), _ACTOR, f"{batch['takeovers']} workers died over it")
        return
    batch = batches.move(batch, "Queued", _ACTOR, "its worker died") or batch
    if batch["state"] == "Queued":
        broker.emit(dispatch.created(batch, scan))


def _requeue_scan(scan: Scan) -> None:
    note("scan taken from a dead worker", scan=scan["_id"], takeovers=scan["takeovers"])
    if scan["takeovers"] >= lifecycle.MAX_TAKEOVERS:
        completion.give_up(scans.request_of(scan), _ACTOR, f"{scan['takeovers']} workers died over it")
        return
    if scan["state"] == "Scheduling":
        scan = scans.move(scan, "Queued", _ACTOR, "its worker died", unset=("fetching",)) or scan
    if scan["state"] not in lifecycle.FINAL | lifecycle.ENUMERATED:
        waiting.ask_again(scan)


def _settle(scan: Scan) -> None:
    try:
        completion.settle(scan["_id"], _ACTOR)
    except (Busy, Newer) as error:
        note("scan is left to others", scan=scan["_id"], reason=type(error).__name__)
