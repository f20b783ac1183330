"""Asking for the scans that are due: by schedule, and because the detection rules have changed.

A scan is recorded under an id that follows from what it is due for, then the repository is moved on, then the request
is sent. Two ticks at once, or one that comes again, make the same scan; what dies half way leaves a scan that the sweep
asks for again; no time is lost.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from picket.effects import broker, ruleset
from picket.effects.mongo import scans, schedules
from picket.effects.mongo.documents import Repository
from picket.effects.telemetry import note
from picket.events import ScanRequested, scan_id
from picket.events.spelling import former
from picket.orchestration import duties
from picket.settings import settings

_ACTOR = "schedule"
AT_ONCE = 25
"""Repositories that one event asks for: a tick leads to 500 at the most, ten thousand are spread over two hours."""
_HOUR = timedelta(hours=1)
_SPARE = 100
"""Repositories looked at beyond those that a rescan may be asked for: some are being scanned just now."""


def ask_for_due_scans(_cursor: str) -> str | None:
    """Ask for the scans of some repositories that are due, the longest due first."""
    found = schedules.due(settings().schedule_hours, AT_ONCE + 1)
    duties.each("schedules", found[:AT_ONCE], lambda one: ask(one, datetime.now(UTC)), schedules.put_off)
    return duties.more(len(found) > AT_ONCE)


def ask_for_rescans(_cursor: str) -> str | None:
    """Ask for full scans of what was last looked at with other rules, the oldest evidence first, so many an hour.

    What is left of the hour is counted after the list is read: whatever another tick asked for meanwhile is then in
    the count, or in the list and lost to it, which counts as well.
    """
    allowed, digest = settings().rescans_per_hour, ruleset.in_force()
    found = schedules.stale(digest, min(allowed, AT_ONCE) + _SPARE) if allowed else []
    left = allowed - schedules.rescans_since(_HOUR, allowed) if found else 0
    asked: list[str] = []

    def ask_unless_enough(repository: Repository) -> None:
        if len(asked) < min(left, AT_ONCE) and ask_for_rescan(repository, digest):
            asked.append(repository["_id"])

    duties.each("rescans", found, ask_unless_enough, schedules.leave_out)
    return duties.more(len(asked) == AT_ONCE < left)


def ask(repository: Repository, at: datetime) -> None:
    """Ask for what one repository is due for, and move it on; times that were missed count as one."""
    if schedules.rests(repository):
        schedules.claim(repository, at)
        return
    slot = schedules.slot(repository)
    asked = [
        request
        for kind, pull_requests in schedules.wanted(repository, at).items()
        if (request := _open(repository, kind, f"{former(kind)}|{slot}", "schedule", pull_requests=pull_requests))
    ]
    if schedules.claim(repository, at):
        broker.emit(*asked)
        note("scheduled scan requested", repository=repository["_id"], scans=[request.scan for request in asked])


def ask_for_rescan(repository: Repository, digest: str) -> bool:
    """Ask for a full scan for *digest*, unless another tick does; False if the repository rests or is being scanned."""
    if schedules.rests(repository):
        schedules.leave_out(repository)
        return False
    pull_requests = any(schedule.pull_requests for schedule in schedules.of(repository))
    key = f"rescan|{digest}|{repository['evidence']}"
    request = _open(repository, "full", key, "ruleset changed", pull_requests=pull_requests)
    if request is None:
        return False
    if schedules.claim_rescan(repository, digest):
        broker.emit(request)
        note("rescan requested", repository=repository["_id"], scan=request.scan)
    return True


def _open(repository: Repository, kind: str, key: str, reason: str, *, pull_requests: bool) -> ScanRequested | None:
    """Record a scan; None where another of its kind is under way, which sees what this one would."""
    request = ScanRequested.model_validate(
        {
            "repository": repository["_id"],
            "url": repository["url"],
            "scan": scan_id(repository["_id"], key),
            "kind": kind,
            "pull_requests": pull_requests,
            "reason": reason,
        }
    )
    if any(scans.kind(scan) == kind and scan["_id"] != request.scan for scan in scans.running(repository["_id"])):
        note("such a scan is under way already", repository=repository["_id"], kind=kind)
        return None
    scans.record(request, _ACTOR)
    return request
