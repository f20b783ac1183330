"""The two halves of a run that stand side by side: one has the event and the secrets, the other has the tool.

They share a folder and nothing else. The first lays out an order there and waits; the second runs the tool once.
"""

from __future__ import annotations

import time
from pathlib import Path

from picket.tools import TOOLS
from picket.tools.adapter import execution, fetching, reporting
from picket.tools.adapter.workplace import Ended, Order, Workplace
from picket.tools.record import Record

_POLL_SECONDS = 0.1
_MOST_STARTS = 2
_PATIENCE_SECONDS = 120.0
"""How much longer than the tool may take its half is waited for: to be started, and to tell the tool's version."""


def attend(event: Path, place: Workplace) -> None:
    """Fetch, wait for the tool's half, and report.

    Raises:
        TransientError: Another attempt may succeed.
    """
    fetching.fetch(event, place)
    order = place.order()
    if not order.refused:
        _wait_for_end(place, order)
    reporting.report(event, place)


def run_once(place: Workplace) -> None:
    """Wait for an order, run its tool, and stay until the other half has ended.

    Where this half is ended while the tool runs, it is started again, and runs the tool once more. A tool that ends it
    twice, such as one that takes too much memory, has failed.
    """
    while not place.order_file.exists():
        time.sleep(_POLL_SECONDS)
    if not place.ended_file.exists():
        if place.begin() > _MOST_STARTS:
            place.tell(Ended(record=Record(stopped="its container was ended while it ran, twice", status=-1)))
        else:
            execution.execute(place)
    while True:
        time.sleep(_PATIENCE_SECONDS)


def _wait_for_end(place: Workplace, order: Order) -> None:
    """Wait until the tool has ended; no longer than it may take. If it has not ended by then, the report says so."""
    running = TOOLS[order.tool].running
    deadline = time.monotonic() + _PATIENCE_SECONDS + _MOST_STARTS * (running.seconds if running else 0)
    while not place.ended_file.exists() and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
