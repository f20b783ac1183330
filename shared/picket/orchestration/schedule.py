"""Asking for the scans that are due."""

from __future__ import annotations

from picket.effects import broker
from picket.effects.mongo import repositories, scans
from picket.effects.telemetry import note
from picket.events import ScanRequested, now, scan_id
from picket.settings import settings

_ACTOR = "schedule"


def ask_for_due_scans() -> None:
    """Ask for a scheduled scan of every repository not looked at for the set time."""
    for repository in repositories.due(settings().schedule_hours):
        slot = str(repository.get("scheduled_at", ""))
        request = ScanRequested(
            repository=repository["_id"],
            url=repository["url"],
            scan=scan_id(repository["_id"], f"scheduled|{slot}"),
            kind="scheduled",
            reason="schedule",
        )
        scans.open_scan(request, _ACTOR)
        broker.emit(request)
        repositories.update(repository["_id"], scheduled_at=now())
        note("scheduled scan requested", repository=repository["_id"])
