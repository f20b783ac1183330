"""Waiting for a scan."""

from __future__ import annotations

import time
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from picket.cli.client import Client

FINAL = frozenset({"Done", "Partial", "Failed", "Cancelled"})
_SCORE_SECONDS = 30.0
_PAUSES = (0.05, 0.1, 0.2, 0.3, 0.5)


def follow(client: Client, scan_id: str, *, quiet: bool = False) -> dict[str, Any]:
    """Wait until a scan is final, and a while for the score to take it into account.

    Args:
        client: The server.
        scan_id: The scan.
        quiet: Show no progress bar.

    Returns:
        The scan as it ended.
    """
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("batches"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), disable=quiet) as progress:
        bar = progress.add_task("New", total=None)
        turn, ended = 0, 0.0
        while True:
            scan = client.get(f"/scans/{scan_id}")
            done, total = _progress(scan)
            progress.update(bar, description=scan["state"], completed=done, total=total or None)
            if scan["state"] in FINAL:
                ended = ended or time.monotonic()
                if scan["scored"] or time.monotonic() - ended > _SCORE_SECONDS:
                    return scan
            time.sleep(_PAUSES[min(turn, len(_PAUSES) - 1)])
            turn += 1


def _progress(scan: dict[str, Any]) -> tuple[int, int]:
    children = scan["children"]
    if scan["kind"] == "bulk":
        return sum(child["state"] in FINAL for child in children), len(children)
    return scan["batches"]["done"], scan["batches"]["total"]
