"""Commands that ask the API: submit, status, cancel, score."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from picket.cli.client import Client, fail, segment
from picket.cli.options import DEFAULT_SERVER, AsJson, Server, listed, print_json, repository_address

Repositories = Annotated[list[str], typer.Argument(help="URL, host/owner/name or folder; `-` reads a list from stdin.")]
_STILL_RUNNING = 3
"""Exit status: 1 and 2 say that something has ended."""


def submit(
    repositories: Repositories,
    *,
    wait: Annotated[bool, typer.Option("--wait", help="Follow the scan until it is final: 0 if it is Done.")] = False,
    timeout: Annotated[
        float | None, typer.Option(min=0, help="Seconds to wait at most; 3 if the scan still runs then.")
    ] = None,
    pull_requests: Annotated[bool, typer.Option("--pull-requests", help="The refs of pull requests, too.")] = False,
    asset_type: Annotated[
        str, typer.Option("--type", help="What they are: repository, or domain, host or url for tools to look at.")
    ] = "repository",
    tools: Annotated[
        list[str] | None,
        typer.Option("--tool", help="Run this tool; may be given again. Default: the policy's."),
    ] = None,
    key: Annotated[str, typer.Option("--idempotency-key", help="Submitting again with it starts nothing new.")] = "",
    server: Server = DEFAULT_SERVER,
    as_json: AsJson = False,
) -> None:
    """Ask for a scan of the whole history of repositories, or of other assets."""
    if timeout is not None and not wait:
        fail("--timeout goes with --wait")
    more: dict[str, object] = {"pull_requests": True} if pull_requests else {}
    more |= {"tools": tools} if tools else {}
    orders = [{**_named(asset_type, name), **more} for name in listed(repositories)]
    client = Client(server)
    headers = {"Idempotency-Key": key} if key else {}
    scan = client.send("POST", "/scans", orders[0] if len(orders) == 1 else orders, **headers)
    if wait:
        scan = _followed(client, scan["id"], timeout, as_json=as_json)
    _print_scan(scan, as_json=as_json)
    if wait and scan["state"] != "Done":
        raise typer.Exit(1)


def _named(asset_type: str, name: str) -> dict[str, object]:
    if asset_type == "repository":
        return {"repository": repository_address(name)}
    return {"asset_type": asset_type, "asset_value": name}


def _followed(client: Client, scan_id: str, timeout: float | None, *, as_json: bool) -> dict[str, Any]:
    """Wait for a scan; where it outlasts *timeout*, say how far it is, and end the command."""
    from picket.cli.follow import StillRunning, follow  # noqa: PLC0415 - rich takes its time

    try:
        return follow(client, scan_id, quiet=as_json, timeout=timeout)
    except StillRunning as error:
        _print_scan(error.scan, as_json=as_json)
        print(f"picket: {error}; `picket watch {scan_id}` follows it", file=sys.stderr)
        raise typer.Exit(_STILL_RUNNING) from None


def status(
    scan: Annotated[str, typer.Argument(help="Id of a scan.")],
    *,
    server: Server = DEFAULT_SERVER,
    as_json: AsJson = False,
) -> None:
    """Show how a scan stands."""
    _print_scan(Client(server).get(f"/scans/{segment(scan)}"), as_json=as_json)


def cancel(
    scan: Annotated[str, typer.Argument(help="Id of a scan.")],
    *,
    server: Server = DEFAULT_SERVER,
    as_json: AsJson = False,
) -> None:
    """Cancel a scan with its children; what is scanned of it already stays."""
    _print_scan(Client(server).send("DELETE", f"/scans/{segment(scan)}", {}), as_json=as_json)


def score(
    repository: Annotated[str, typer.Argument(help="Id or name of a repository.")],
    *,
    server: Server = DEFAULT_SERVER,
    as_json: AsJson = False,
) -> None:
    """Show a repository's score and everything behind it."""
    found = Client(server).get(f"/scores/{segment(repository_name(repository))}")
    if as_json:
        print_json(found)
        return
    from picket.cli import show  # noqa: PLC0415 - rich takes its time

    show.score(found, show.console())


def all_findings(client: Client, min_confidence: float, **filters: str) -> tuple[list[dict[str, Any]], int]:
    """Read every page of findings.

    Returns:
        The findings, and how many more there are below *min_confidence*; 1,000 stands for so many or more.
    """
    found: list[dict[str, Any]] = []
    after, left_out = "", 0
    while True:
        page = client.get("/findings", limit="200", after=after, min_confidence=str(min_confidence), **filters)
        found.extend(page["findings"])
        left_out = left_out if after else page["left_out"]
        after = page["next"]
        if not after:
            return found, left_out


def repository_name(text: str) -> str:
    """Return the canonical name of what a person may write: a URL, a name or a folder."""
    if not text:
        return ""
    from picket.commits.repository import parse_address  # noqa: PLC0415 - most commands do without
    from picket.errors import PermanentError  # noqa: PLC0415

    if text.startswith("local/"):
        return text
    try:
        return parse_address(repository_address(text), local=True).name
    except PermanentError:
        if "~" in text or "/" in text:
            return text  # an id as the API gave it
        fail(f"{text} names no repository")


def _print_scan(scan: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(scan)
        return
    from picket.cli import show  # noqa: PLC0415 - rich takes its time

    show.scan(scan, show.console())
