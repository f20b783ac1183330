"""`picket import`: handing in a tool's report."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from picket.cli.client import Client, Json, fail, segment
from picket.cli.options import DEFAULT_SERVER, AsJson, Server, print_json
from picket.cli.requests import repository_name
from picket.scanning.formats import printable

_FINAL = frozenset({"Applied", "Superseded", "Failed"})
_PAUSE_SECONDS = 0.2


def import_report(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The report; `-` reads standard input.")],
    *,
    tool: Annotated[str, typer.Option(help="Name of the tool that wrote it.")],
    asset: Annotated[str, typer.Option(help="What it is of; a repository by URL, name or folder.")],
    asset_type: Annotated[
        str, typer.Option(help="Kind of that: repository, image, domain, host, url or namespace.")
    ] = "repository",
    report_format: Annotated[str, typer.Option("--format", help="Its format; recognised where it is not given.")] = "",
    ref: Annotated[str, typer.Option(help="Branch or ref that it is of; the default branch unless said.")] = "",
    commit: Annotated[str, typer.Option(help="Commit that it is of; the tip unless said.")] = "",
    partial: Annotated[
        bool, typer.Option("--partial", help="It does not tell all that the tool finds: nothing is closed.")
    ] = False,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Wait until it is applied.")] = True,
    timeout: Annotated[float, typer.Option(min=0, help="Seconds to wait at most; 3 if it is not applied then.")] = 300,
    server: Server = DEFAULT_SERVER,
    as_json: AsJson = False,
) -> None:
    """Hand in a tool's report: its problems become findings, and what it no longer tells is fixed."""
    try:
        body = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        fail(f"{file}: {error.strerror}")
    client = Client(server)
    named = repository_name(asset) if asset_type == "repository" else asset
    query = {"tool": tool, "asset": named, "asset_type": asset_type, "format": report_format}
    query |= {"ref": ref, "commit": commit}
    taken = client.post("/reports", body, _media_type(body), **query, complete="false" if partial else "true")
    found = _followed(client, taken, timeout) if wait else taken
    if as_json:
        print_json(found)
    else:
        _print(found)
    if found["state"] == "Failed":
        raise typer.Exit(1)
    if wait and found["state"] not in _FINAL:
        print(f"picket: not applied after {timeout:g} s; it goes on", file=sys.stderr)
        raise typer.Exit(3)


def _media_type(body: bytes) -> str:
    return "application/xml" if body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<") else "application/json"


def _followed(client: Client, report: Json, timeout: float) -> Json:
    """Wait until a report is applied or cannot be, or *timeout* seconds have passed."""
    end = time.monotonic() + timeout
    while report["state"] not in _FINAL and time.monotonic() < end:
        time.sleep(_PAUSE_SECONDS)
        report = client.get(f"/reports/{segment(report['id'])}")
    return report


def _print(found: Json) -> None:
    print(f"report {found['id']}  {found['state']}  {found['problems']} problems")
    if "findings" in found:
        whole = "complete" if found["applied_as_complete"] else "partial: nothing is closed by it"
        print(f"  {found['findings']} findings, {found['changed']} of them new or changed; {whole}")
    if "reason" in found:
        print(printable(f"  {found['reason']}"))
    for one in found.get("not_applied", ()):
        print(printable(f"  not applied: {one['where']}: {one['reason']}"))
    if found.get("not_applied_count", 0) > len(found.get("not_applied", ())):
        print(f"  not applied: {found['not_applied_count']} in all")
