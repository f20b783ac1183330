"""Picking up what was left lying: by a function that died, a broker that was away, a worker that hung."""

from __future__ import annotations

from picket.effects import broker
from picket.effects.mongo import scans
from picket.effects.telemetry import note
from picket.events import ScanRequested


def run() -> None:
    """Do all of it."""
    ask_again_for_forgotten_scans()


def ask_again_for_forgotten_scans() -> None:
    """Hand out scans that were recorded but never reached the broker, because it or their function went away."""
    for scan in scans.forgotten():
        request = ScanRequested.model_validate({**scan, "scan": scan["_id"]})
        broker.emit(request)
        note("scan handed out again", scan=scan["_id"])
