"""Waiting for a scan."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from picket.cli.client import Client
from picket.scanning.formats import printable

FINAL = frozenset({"Done", "Partial", "Failed", "Cancelled"})
_SCORE_SECONDS = 30.0
_PAUSES = (0.05, 0.1, 0.2, 0.3, 0.5)

Json = dict[str, Any]


class StillRunning(Exception):
    """The time to wait is over, and the scan is not."""

    def __init__(self, scan: Json) -> None:
        """Keep the scan as it was last."""
        super().__init__(f"scan {scan['id']} is still running: {scan['state']}")
        self.scan = scan


def follow(client: Client, scan_id: str, *, quiet: bool = False, timeout: float | None = None) -> Json:
    """Wait until a scan is final, and a while for the score to take it into account.

    Args:
        client: The server.
        scan_id: The scan.
        quiet: Say nothing of how it gets there.
        timeout: Seconds to wait for it to be final; None: as long as it takes.

    Returns:
        The scan as it ended.

    Raises:
        StillRunning: It was not final in time.
    """
    turn, ended, began = 0, 0.0, time.monotonic()
    with _telling(quiet=quiet) as tell:
        while True:
            scan = client.get(f"/scans/{scan_id}")
            tell(scan)
            at = time.monotonic()
            if scan["state"] in FINAL:
                ended = ended or at
                if scan["scored"] or at - ended > _SCORE_SECONDS:
                    return scan
            elif timeout is not None and at - began >= timeout:
                raise StillRunning(scan)
            time.sleep(_PAUSES[min(turn, len(_PAUSES) - 1)])
            turn += 1


@contextmanager
def _telling(*, quiet: bool) -> Iterator[Callable[[Json], None]]:
    """Give what tells of a scan each time it was looked at: a bar on a terminal, else a line for each of its steps."""
    if quiet:
        yield lambda _scan: None
    elif sys.stderr.isatty():
        with _bar() as tell:
            yield tell
    else:
        yield _lines()


@contextmanager
def _bar() -> Iterator[Callable[[Json], None]]:
    text = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("batches"))
    with Progress(*text, TimeElapsedColumn(), console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("New", total=None)

        def tell(scan: Json) -> None:
            done, total = _progress(scan)
            progress.update(bar, description=scan["state"], completed=done, total=total or None)

        yield tell


def _lines() -> Callable[[Json], None]:
    told = 0

    def tell(scan: Json) -> None:
        nonlocal told
        for step in scan["history"][told:]:
            reason = f": {printable(step['reason'])}" if step["reason"] else ""
            print(f"{step['at'][:23]}  {step['state']} by {step['actor']}{reason}", file=sys.stderr, flush=True)
        told = len(scan["history"])

    return tell


def _progress(scan: Json) -> tuple[int, int]:
    children = scan["children"]
    if scan["kind"] == "group":
        return sum(child["state"] in FINAL for child in children), len(children)
    return scan["batches"]["done"], scan["batches"]["total"]
