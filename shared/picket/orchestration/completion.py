"""When is a scan done? When it is enumerated and no batch or child scan is open: a query, never a counter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from picket.commits import lifecycle
from picket.effects import broker
from picket.effects.mongo import batches, leases, reports, scans, tool_runs
from picket.effects.mongo.documents import Moving, Scan, Tally
from picket.effects.mongo.tool_runs import ToolRun
from picket.errors import Busy
from picket.events import (
    CommitBatchCreated,
    CommitBatchScanned,
    Event,
    ReportReceived,
    ScanCompleted,
    ScanRequested,
    ToolRequested,
)
from picket.orchestration import dispatch, evidence, merging, statuses, waiting
from picket.orchestration.tally import tally

_TRIES = 5


def settle(scan_id: str, actor: str) -> None:
    """Complete a scan if nothing of it is open, and say so; then its parent.

    The worker whose compare-and-set succeeds emits `scan.completed`. If it dies before that, the scan stays
    unannounced: the next worker that meets it, the sweep at the latest, emits the same event with the same id.

    Raises:
        Busy: Others kept changing the scan; a redelivery will find it at rest.
    """
    for _ in range(_TRIES):
        scan = scans.get(scan_id)
        if scan["state"] in lifecycle.FINAL:
            if "untold" in scan and not is_ending(scan):
                _announce(scan, actor)
            return
        ending = _ending(scan)
        if ending is None or finish(scan, ending.state, ending.reason, actor=actor, told=ending.tally):
            return
    raise Busy(f"scan {scan_id} is being changed by others")


def is_ending(scan: Scan) -> bool:
    """Return whether a scan is cancelled and something of it has not ended yet."""
    return scan["state"] == "Cancelled" and _is_open(scan)


def finish(scan: Scan, state: str, reason: str, *, actor: str, told: Tally | None = None) -> bool:
    """Move a scan to a final state and, once all of it has ended, say so; False if somebody else changed it first.

    Args:
        scan: The scan as it was read.
        state: The final state.
        reason: Why; empty where there is nothing to explain.
        actor: Who moves it.
        told: What it came to, to be kept with it.
    """
    if "taken_by" not in scan:
        evidence.note(scan, state)
    done = scans.move(scan, state, actor, reason, untold=broker.cause().id, **_kept(told))
    if done is None:
        return False
    if "fetching" in scan:  # cancelled or given up: its worker does not leave the place any more
        waiting.notify_next(done, scan["fetching"])
    if not is_ending(done):
        _announce(done, actor)
    return True


def _kept(told: Tally | None) -> dict[str, Any]:
    return {"tally": told} if told else {}


def give_up(event: Event, actor: str, reason: str) -> None:
    """Fail what waits for *event*, rejected or out of retries: no scan stays open for work that will not come.

    Work that somebody is at is left to them. If they die over it, the sweep hands it out again.
    """
    match event:
        case ScanRequested():
            scan = scans.find(event.scan)
            if scan is not None and not leases.runs(scan) and not finish(scan, "Failed", reason, actor=actor):
                settle(event.scan, actor)
        case CommitBatchCreated() | CommitBatchScanned():
            batch, scan = batches.find(event.batch), scans.find(event.scan)
            if batch is None or scan is None or leases.runs(batch):
                return
            batches.move(batch, "Failed", actor, reason)
            dispatch.hand_out_after(batch, scan)
            settle(event.scan, actor)
        case ReportReceived():
            reports.finish(event.report, "Failed", reason=reason)
            end_run(tool_runs.of_report(event.report), "Failed", reason, actor)
        case ToolRequested():
            end_run(tool_runs.find(event.run), "Failed", reason, actor)


def end_run(run: ToolRun | None, state: str, reason: str, actor: str) -> None:
    """End a tool's run, and its scan if nothing else of it is open; do nothing without a run."""
    if run is not None:
        tool_runs.end(run, state, reason)
        settle(run["scan"], actor)


@dataclass(frozen=True, slots=True)
class _Ending:
    """The final state of a scan, the reason, and what it came to."""

    state: str
    reason: str
    tally: Tally | None = None


def _ending(scan: Scan) -> _Ending | None:
    """Return how a scan ends; None while something is open."""
    if "taken_by" in scan:
        taker = scans.get(scan["taken_by"])
        return _Ending("Done", f"with {taker['_id']}") if merging.looked_at_all(taker) else None
    if scan["state"] not in lifecycle.ENUMERATED or _is_open(scan):
        return None
    own, children = batches.of_scan(scan), scans.children(scan["_id"])
    runs = tool_runs.of_scan(scan["_id"]) if scan.get("tool_runs") else []
    alone = scan.get("asset_type", "repository") != "repository"
    state, reason = lifecycle.outcome(_by_state(own), _by_state(children), _by_state(runs), by_tools_alone=alone)
    failed = [part["history"][-1]["reason"] for part in (*own, *children) if part["state"] == "Failed"]
    failed += [f"{run['tool']}: {run['reason']}" for run in runs if run["state"] in {"Failed", "Partial"}]
    reason = f"{reason}: {failed[0]}" if failed else reason
    told = tally(own, children)
    if missing := evidence.missing(scan):
        return _Ending("Partial" if state == "Done" else state, f"{reason}; {missing}" if reason else missing, told)
    return _Ending(state, reason or evidence.emptiness(scan), told)


def _is_open(scan: Scan) -> bool:
    """Return whether a batch, child or tool's run of a scan has not ended."""
    if batches.open_of(scan, 1) or scans.has_open_child(scan["_id"]):
        return True
    return bool(scan.get("tool_runs") and tool_runs.open_of(scan["_id"], 1))


def _by_state(parts: Sequence[Moving] | Sequence[ToolRun]) -> dict[str, int]:
    return dict(Counter(part["state"] for part in parts))


def _announce(scan: Scan, actor: str) -> None:
    with broker.caused_by(replace(broker.cause(), id=scan["untold"])):
        broker.emit(
            ScanCompleted(
                repository=scan["repository"],
                scan=scan["_id"],
                kind=scan["kind"],
                state=scan["state"],
                reason=scan["history"][-1]["reason"],
                commits=scan["commits"],
                parent=scan["parent"],
            )
        )
        if scan.get("took"):
            _tell_those_taken_along(scan, actor)
        if scan["parent"]:
            scans.leave_parent(scan["_id"])
            settle(scan["parent"], actor)
        statuses.ask(scan, "ended")
    scans.told(scan["_id"])


def _tell_those_taken_along(scan: Scan, actor: str) -> None:
    """End the scans whose commits this one looked at; where it did not get to all, let them go on by themselves.

    What of theirs is scanned already is not scanned again, and what fails is then theirs, to be replayed as such.
    """
    for other in scans.merged_into(scan["_id"]):
        if merging.looked_at_all(scan):
            settle(other["_id"], actor)
        elif other["state"] not in lifecycle.FINAL:
            broker.emit(scans.request_of(other))
            scans.leave(other, "taken_by")
