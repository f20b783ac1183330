"""`GET /scans/{id}/events`: the progress of a scan, as server-sent events.

A response lasts half a minute at most; then the client connects again and says what it has seen by Last-Event-ID, as
every EventSource does by itself. That bounds how long a thread is held, stays inside Knative's timeout of a request,
and a proxy that buffers only makes it late. When more are watching than a replica has threads to spare, a response
tells what is new and ends at once. After the last event the answer is 204, which tells a client to stay away.

Source: HTML Living Standard, section 9.2 "Server-sent events".
"""

from __future__ import annotations

import json
import re
import threading
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from flask import Blueprint, Response, request

from picket.commits import lifecycle
from picket.effects.mongo import batches, scans
from picket.effects.mongo.client import Document
from picket.effects.mongo.documents import Scan
from picket.errors import Gone
from picket.runtime.problems import is_outage

blueprint = Blueprint("events", __name__)

LONGEST_SECONDS = 30.0
HEARTBEAT_SECONDS = 2.0
"""How long a stream is silent at most; writing is how a client that has gone is noticed."""
_FIRST_PAUSE, _LAST_PAUSE = 0.1, 1.0
_RETRY = "retry: {}\n\n"
_SOON, _LATER = 500, 2000
"""Milliseconds until a client connects again."""

_places = threading.BoundedSemaphore(8)
"""Of the twenty requests that a replica answers at once."""
_POSITION = re.compile(r"(\d{1,6})-([0-9a-f]{8})")


@dataclass(frozen=True, slots=True)
class Position:
    """What a client has seen: how many steps of the scan's history, and which progress, by its checksum."""

    steps: int = 0
    progress: str = "0" * 8

    @classmethod
    def of(cls, text: str) -> Position:
        """Read a Last-Event-ID; of anything else, the beginning."""
        found = _POSITION.fullmatch(text)
        return cls(int(found[1]), found[2]) if found else cls()

    def __str__(self) -> str:
        return f"{self.steps}-{self.progress}"


@blueprint.get("/scans/<wanted>/events")
def stream(wanted: str) -> Response:
    """Stream what happens to a scan, from where the client has left off to the scan's end."""
    seen, scan = Position.of(request.headers.get("Last-Event-ID", "")), scans.get(wanted)
    if seen.steps > len(scan["history"]):
        seen = Position()  # of some other scan
    if scan["state"] in lifecycle.FINAL and seen.steps == len(scan["history"]):
        return Response(status=204)
    return Response(_told(wanted, seen), content_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


def news(scan: Scan, seen: Position) -> Iterator[tuple[Position, str]]:
    """Give what a client that has *seen* so much does not know of a scan: the position and the text of each event.

    Progress comes before steps, so that a final state is the last event there is.
    """
    progress = _progress(scan)
    checksum = f"{zlib.crc32(json.dumps(progress, sort_keys=True).encode()):08x}"
    if checksum != seen.progress:
        seen = Position(seen.steps, checksum)
        yield seen, _event("progress", seen, progress)
    for number, step in enumerate(scan["history"][seen.steps :], seen.steps + 1):
        seen = Position(number, checksum)
        data = {"scan": scan["_id"], **step, "final": step["state"] in lifecycle.FINAL}
        yield seen, _event("state", seen, data)


def _told(wanted: str, seen: Position) -> Iterator[str]:
    """Give the text of one response."""
    waits = _places.acquire(blocking=False)
    try:
        yield _RETRY.format(_SOON if waits else _LATER)
        yield from _until_the_end(wanted, seen, time.monotonic() + (LONGEST_SECONDS if waits else 0.0))
    except Gone:
        return  # somebody removed it; asking again is answered 404
    except Exception as error:
        if not is_outage(error):
            raise
        yield ": the store is away\n\n"  # the status is long sent; the client comes again
    finally:
        if waits:
            _places.release()


def _until_the_end(wanted: str, seen: Position, deadline: float) -> Iterator[str]:
    pause, written = _FIRST_PAUSE, time.monotonic()
    while True:
        scan, before = scans.get(wanted), seen
        for position, text in news(scan, seen):
            seen, written, pause = position, time.monotonic(), _FIRST_PAUSE
            yield text
        if scan["state"] in lifecycle.FINAL or time.monotonic() >= deadline:
            return
        if time.monotonic() - written >= HEARTBEAT_SECONDS:
            written = time.monotonic()
            yield ": still there\n\n"
        time.sleep(pause)
        if seen == before:
            pause = min(pause * 1.5, _LAST_PAUSE)


def _progress(scan: Scan) -> Document:
    """Return how far a scan is: its batches and its child scans by state."""
    counts = batches.count_by_state(scan)
    return {
        "scan": scan["_id"],
        "commits": scan["commits"],
        "batches": {"done": _final(counts, lifecycle.OPEN_BATCH), "total": sum(counts.values()), "by_state": counts},
        "children": _children(scan),
    }


def _children(scan: Scan) -> Document:
    counts = scans.children_by_state(scan["_id"])
    return {"done": _final(counts, lifecycle.OPEN_SCAN), "total": sum(counts.values()), "by_state": counts}


def _final(counts: dict[str, int], still_open: frozenset[str]) -> int:
    return sum(count for state, count in counts.items() if state not in still_open)


def _event(kind: str, position: Position, data: Document) -> str:
    return f"event: {kind}\nid: {position}\ndata: {json.dumps(data)}\n\n"
