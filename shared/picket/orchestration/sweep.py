"""Picking up what was left lying: by a worker that died, a broker that was away, a forge that did not answer.

Nothing that it asks for again does harm if it was under way after all: every event may come twice.
"""

from __future__ import annotations

from datetime import timedelta

from picket.commits import lifecycle
from picket.effects import broker, telemetry
from picket.effects.mongo import batches, findings, leases, scans
from picket.effects.mongo.client import Document
from picket.effects.telemetry import note
from picket.errors import Busy, Newer
from picket.events import CommitBatchScanned
from picket.orchestration import channel, completion, dispatch, expiry, folding, waiting

_ACTOR = "sweep"
_IDLE = timedelta(minutes=10)
"""Longer than an event is retried."""
_AT_ONCE = 500
"""Scans that one tick asks for again: the next one does the others."""


def run() -> None:
    """Do all of it."""
    return_work_of_the_dead()
    for scan in scans.untold(_AT_ONCE):
        _settle(scan)
    for scan in scans.to_be_retried(_AT_ONCE):
        waiting.ask_again(scan)
    for scan in scans.idle(_IDLE, _AT_ONCE):
        nudge(scan)
    expiry.run()
    count_findings()
    channel.watch()


def count_findings() -> None:
    """Tell how many findings are open, if anybody wants to know."""
    if telemetry.is_on():
        for severity, count in findings.count_open().items():
            telemetry.gauge("picket_open_findings", count, severity=severity)


def return_work_of_the_dead() -> None:
    """Put work whose lease ran out back into the queue; fail what too many workers died over."""
    for batch in leases.expired("batches"):
        if leases.end("batches", batch):
            _requeue_batch(batches.get(batch["_id"]))
    for scan in leases.expired("scans"):
        if leases.end("scans", scan):
            _requeue_scan(scans.get(scan["_id"]))


def nudge(scan: Document) -> None:
    """Ask again for whatever an open scan that has not moved for long waits for."""
    if scan["state"] in lifecycle.ENUMERATED:
        for batch in [] if scan["kind"] == "bulk" else batches.open_of(scan, scan["window"]):
            _hand_out(batch, scan)
        _settle(scan)
    elif "taken_by" in folding.let_go(scan):
        _settle(scan)
    else:
        waiting.ask_again(scan)
    scans.touch(scan["_id"])
    note("idle scan asked for again", scan=scan["_id"], state=scan["state"])


def _hand_out(batch: Document, scan: Document) -> None:
    if batch["state"] != "Scanned":
        broker.emit(dispatch.created(batch, scan))
        return
    broker.emit(CommitBatchScanned.of(batch, tuple(scan["chain"])))


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
