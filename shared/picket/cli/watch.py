"""`picket watch`: one scan, live."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Annotated

import typer

from picket.cli.client import segment, server_address
from picket.cli.options import DEFAULT_SERVER, Server
from picket.cli.stream import Event, Stream


def watch(
    scan: Annotated[str, typer.Argument(help="Id of a scan.")],
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print each event as a line of JSON and nothing else.")
    ] = False,
    server: Server = DEFAULT_SERVER,
) -> None:
    """Follow a scan until it ends: status 0 when it is Done, else 1. A broken connection is taken up again."""
    events = Stream(f"{server_address(server)}/scans/{segment(scan)}/events").events()
    state = _print(events) if as_json else _show(events)
    if state != "Done":
        raise typer.Exit(1)


def _print(events: Iterator[Event]) -> str:
    """Print events as JSON; the scan's last state."""
    state = ""
    for event in events:
        print(json.dumps({"event": event.kind, "id": event.id, "data": event.data}), flush=True)
        state = event.data.get("state", state)
        if event.data.get("final"):
            break
    return state


def _show(events: Iterator[Event]) -> str:
    """Show the steps of the scan as they come above a bar of its batches or children; its last state."""
    from rich.console import Console  # noqa: PLC0415 - rich takes its time
    from rich.markup import escape  # noqa: PLC0415
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    state = ""
    with Progress(*columns, console=Console(highlight=False), transient=True) as progress:
        bar = progress.add_task("connecting", total=None)
        for event in events:
            data = event.data
            if event.kind == "progress":
                part = (
                    data["children"] if data["children"]["total"] and not data["batches"]["total"] else data["batches"]
                )
                progress.update(bar, completed=part["done"], total=part["total"] or None)
                continue
            state = data["state"]
            reason = f": {escape(data['reason'])}" if data["reason"] else ""
            progress.console.print(f"{data['at'][:23]}  [bold]{state}[/] by {data['actor']}{reason}")
            progress.update(bar, description=state)
            if data["final"]:
                break
    return state
