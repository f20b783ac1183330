"""Handing batches to the scanners: a window of each scan at a time, so that none is behind all of a huge one's.

The worker that finishes batch *n* hands out batch *n* + window. If it dies before that, the redelivery of its own
event does so: nothing is kept of what was handed out.
"""

from __future__ import annotations

from picket.commits import lifecycle
from picket.effects import broker
from picket.effects.mongo import batches, scans
from picket.effects.mongo.documents import Batch, Scan
from picket.events import CommitBatchCreated, Lane
from picket.settings import settings

_SHARE = {"push": 4, "scheduled": 2}
"""A push gets four times, a scheduled scan twice the batches that a full one has with the scanners at a time."""

_LANES: dict[str, Lane] = {"push": "push", "scheduled": "scheduled"}


def window(kind: str) -> int:
    """Return how many batches of a scan of *kind* are with the scanners at a time."""
    return settings().batches_in_flight * _SHARE.get(kind, 1)


def hand_out(scan: Scan) -> None:
    """Hand out the first window of a scan, or what of it is still open."""
    for batch in batches.at(scan, range(scan["window"])):
        if batch["state"] in lifecycle.OPEN_BATCH:
            broker.emit(created(batch, scan))


def hand_out_after(batch: Batch, scan: Scan) -> None:
    """Hand out the batch that *batch*, which is done with, makes room for."""
    successor = batch["index"] + scan["window"]
    if successor < scan["planned"] and scan["state"] not in lifecycle.FINAL:
        for found in batches.at(scan, range(successor, successor + 1)):
            if found["state"] == "Queued":
                broker.emit(created(found, scan))


def created(batch: Batch, scan: Scan) -> CommitBatchCreated:
    """Describe a batch as an event."""
    return CommitBatchCreated(
        repository=batch["repository"],
        batch=batch["_id"],
        scan=batch["scan"],
        ruleset=batch["ruleset"],
        commits=batch["count"],
        size=batch["size"],
        chain=tuple(scan["chain"]),
        lane=_LANES.get(scans.kind(scan), "full"),
    )
