"""When is a scan done? When it is enumerated and no batch or child scan is open: a query, never a counter."""

from __future__ import annotations

from collections import Counter

from picket.commits import lifecycle
from picket.effects import broker
from picket.effects.mongo import batches, commits, leases, repositories, scans
from picket.effects.mongo.client import Document
from picket.errors import Busy
from picket.events import CommitBatchCreated, CommitBatchScanned, Event, ScanCompleted, ScanRequested, now

_TRIES = 5


def settle(scan_id: str, actor: str) -> None:
    """Complete a scan if nothing of it is open, and say so; then its parent.

    Whoever's compare-and-set succeeds emits `scan.completed`. If that instance dies before it has, the redelivery of
    the same event finds its own id in the scan and emits it again, with the same id.

    Raises:
        Busy: Others kept changing the scan; a redelivery will find it at rest.
    """
    for _ in range(_TRIES):
        scan = scans.get(scan_id)
        if scan["state"] in lifecycle.FINAL:
            if scan.get("completed_by") == broker.cause().id:
                _announce(scan, actor)
            return
        if scan["state"] not in lifecycle.ENUMERATED:
            return
        counts = batches.count_by_state(scan)
        children = Counter(child["state"] for child in scans.children(scan_id))
        if set(counts) & lifecycle.OPEN_BATCH or set(children) & lifecycle.OPEN_SCAN:
            return
        state, reason = lifecycle.outcome(counts, dict(children))
        if finish(scan, state, actor, reason):
            return
    raise Busy(f"scan {scan_id} is being changed by others")


def finish(scan: Document, state: str, actor: str, reason: str = "") -> bool:
    """Move a scan to a final state and say so; False if somebody else changed it first."""
    if state == "Done":
        _note_evidence(scan)
    done = scans.move(scan, state, actor, reason, completed_by=broker.cause().id)
    if done is None:
        return False
    _announce(done, actor)
    return True


def give_up(event: Event, actor: str, reason: str) -> None:
    """Fail what waits for *event*, rejected or out of retries: no scan stays open for work that will not come.

    Raises:
        Busy: Some worker is still at it; its end decides, and the dead letter comes again.
    """
    match event:
        case ScanRequested():
            scan = scans.find(event.scan)
            leases.refuse_if_held(scan)
            if scan is not None and not finish(scan, "Failed", actor, reason):
                settle(event.scan, actor)
        case CommitBatchCreated() | CommitBatchScanned():
            leases.refuse_if_held(batches.find(event.batch))
            batches.move(event.batch, "Failed", reason=reason)
            if scans.find(event.scan) is not None:
                settle(event.scan, actor)


def _announce(scan: Document, actor: str) -> None:
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
    if scan["parent"]:
        settle(scan["parent"], actor)


def _note_evidence(scan: Document) -> None:
    """Keep what the scan proves: that the tips it saw are covered, and when the repository was last looked at."""
    if scan["kind"] == "bulk":
        return
    evidence = {"scanned_at": now()}
    rulesets = {batch["scanned_for"] for batch in batches.of_scan(scan)} | {scan["ruleset"]}
    if scan["kind"] in {"integral", "scheduled"} and rulesets == {scan["ruleset"]}:
        commits.set_covered_tips(scan["repository"], scan["ruleset"], scan["tips"], scan["_id"])
        evidence |= {"history_scanned_at": now(), "history_ruleset": scan["ruleset"]}
    repositories.update(scan["repository"], **evidence)
