"""`picket approvals`: decisions that wait for a second person."""

from __future__ import annotations

from typing import Annotated

import typer

from picket.cli.client import Client, Json, segment
from picket.cli.options import DEFAULT_SERVER, AsJson, Server, print_json
from picket.cli.paging import Limit, rows
from picket.scanning.formats import printable

app = typer.Typer(no_args_is_help=True, help="Approve or deny what others have decided.")
Approval = Annotated[str, typer.Argument(help="Id of an approval, as `list` shows it.")]
Comment = Annotated[str, typer.Option("--comment", "-m", help="What to say about it.")]


@app.command("list")
def list_approvals(
    *,
    decided: Annotated[bool, typer.Option("--all", help="Also what is decided.")] = False,
    limit: Limit = 50,
    server: Server = DEFAULT_SERVER,
    as_json: AsJson = False,
) -> None:
    """List what waits for a second person, the newest first."""
    found, is_more = rows(Client(server), "/approvals", "approvals", limit, all="true" if decided else "")
    if as_json:
        print_json({"approvals": found})
        return
    for one in found:
        wanted = one["wanted"]
        print(
            f"{one['id']}  {one['state']:8}  {wanted['state']}  {len(one['findings'])} findings  by {one['asked_by']}"
        )
        print(printable(f"  {wanted['reason']}") + (f", until {wanted['until'][:10]}" if wanted["until"] else ""))
    if not found:
        print("Nothing waits.")
    if is_more:
        print("There are more; --limit shows them.")


@app.command()
def approve(
    approval: Approval, *, comment: Comment = "", server: Server = DEFAULT_SERVER, as_json: AsJson = False
) -> None:
    """Agree: what was asked for is done."""
    _decide(approval, comment, server, approves=True, as_json=as_json)


@app.command()
def deny(
    approval: Approval, *, comment: Comment = "", server: Server = DEFAULT_SERVER, as_json: AsJson = False
) -> None:
    """Refuse: nothing changes."""
    _decide(approval, comment, server, approves=False, as_json=as_json)


def _decide(approval: str, comment: str, server: str, *, approves: bool, as_json: bool) -> None:
    order: Json = {"approve": approves, "comment": comment}
    found = Client(server).send("POST", f"/approvals/{segment(approval)}", order)
    if as_json:
        print_json(found)
        return
    changed = found["outcome"]["changed"]
    print(f"{found['id']}  {found['state']}" + (f", {len(changed)} findings changed" if approves else ""))
    for one in found["outcome"]["refused"]:
        print(f"  {one['id']}: {one['detail']}")
