"""`picket verify` and `picket revoke`: what a provider says of a leaked credential."""

from __future__ import annotations

import sys
import time
from typing import Annotated

import typer

from picket.cli.client import Client, Json, segment
from picket.cli.options import DEFAULT_SERVER, AsJson, Server, listed, print_json

PAUSE = 0.5
"""Seconds between two looks at a finding."""
Ids = Annotated[list[str], typer.Argument(metavar="ID…", help="Ids of findings; `-` reads them from standard input.")]
Timeout = Annotated[float, typer.Option(min=1, help="Longest time to wait for the answers, in seconds.")]


def verify(ids: Ids, *, timeout: Timeout = 120.0, server: Server = DEFAULT_SERVER, as_json: AsJson = False) -> None:
    """Ask the providers whether leaked credentials still work.

    Ends with 0 if none does, with 1 if one does, and with 2 where that is not known.
    """
    client = Client(server)
    asked = {name: client.send("POST", f"/findings/{segment(name)}/verify", {}) for name in listed(ids)}
    _tell([_answer(client, name, told["requested_at"], timeout) for name, told in asked.items()], as_json=as_json)


def revoke(
    finding: Annotated[str, typer.Argument(metavar="ID", help="Id of a finding.")],
    *,
    confirm: Annotated[str, typer.Option(help="Its id once more: what uses the credential stops working.")] = "",
    timeout: Timeout = 120.0,
    server: Server = DEFAULT_SERVER,
    as_json: AsJson = False,
) -> None:
    """Have the provider revoke a leaked credential: whatever uses it stops working, for good.

    Ends with 0 if it is revoked, and with 2 where that is not known.
    """
    if confirm != finding:
        raise typer.BadParameter(
            "repeat the finding's id: what uses the credential stops working", param_hint="--confirm"
        )
    client = Client(server)
    told = client.send("POST", f"/findings/{segment(finding)}/revoke", {"confirm": confirm})
    _tell([_answer(client, finding, told["requested_at"], timeout)], as_json=as_json)


def _answer(client: Client, name: str, since: str, timeout: float) -> Json:
    """Wait for what a provider says; a finding without an answer in time is as unknown as before."""
    deadline = time.monotonic() + timeout
    while True:
        finding = client.get(f"/findings/{segment(name)}")
        said = finding.get("verification") or {}
        if said.get("at", "") >= since:
            return dict(finding)
        if time.monotonic() > deadline:
            nothing = {"result": "unknown", "reason": "there was no answer in time", "owner": "", "scopes": []}
            return {**finding, "verification": nothing}
        time.sleep(PAUSE)


def _more(said: Json) -> str:
    """Say why, or whose it is and what it may do."""
    may = f"({', '.join(said['scopes'])})" if said["scopes"] else ""
    return str(said["reason"]) or f"{said['owner']} {may}".strip()


def _tell(found: list[Json], *, as_json: bool) -> None:
    if as_json:
        print_json({"findings": found})
    else:
        for one in found:
            said = one["verification"]
            more = said["reason"] or " ".join([said["owner"], *(said["scopes"] and [f"({', '.join(said['scopes'])})"])])
            sys.stdout.write(
                f"{said['result']:8} {one['provider'] or one['rule']}  {one['id']}  {more}".rstrip() + "\n"
            )
    results = {one["verification"]["result"] for one in found}
    if "live" in results:
        raise typer.Exit(1)
    if "unknown" in results:
        raise typer.Exit(2)
