"""`picket scans`: which scans there are and were."""

from __future__ import annotations

from typing import Annotated

import typer

from picket.cli.client import Client
from picket.cli.options import DEFAULT_SERVER, AsJson, Server, print_json
from picket.cli.paging import Limit, rows
from picket.cli.requests import repository_name


def scans(
    repository: Annotated[str, typer.Argument(help="Only of this repository.")] = "",
    *,
    state: Annotated[str, typer.Option(help="Only in this state, such as Failed; or open, ended, all.")] = "all",
    limit: Limit = 50,
    server: Server = DEFAULT_SERVER,
    as_json: AsJson = False,
) -> None:
    """List scans, the newest first."""
    found, more = rows(Client(server), "/scans", "scans", limit, state=state, repository=repository_name(repository))
    if as_json:
        print_json({"scans": found, "more": more})
        return
    if not found:
        print("No scans.")
    for scan in found:
        ended = f"{scan['completed_at'][:19]}Z" if scan["completed_at"] else "-"
        name = scan["repository"] or "several"
        print(f"{scan['created_at'][:19]}Z  {ended:20}  {scan['state']:10}  {scan['kind']:9}  {scan['id']}  {name}")
    if more:
        print(f"These are the newest {len(found)}; --limit shows more.")
