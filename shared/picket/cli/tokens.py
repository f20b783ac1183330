"""`picket tokens`: who may use the API."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from picket.cli.client import Client, segment
from picket.cli.options import DEFAULT_SERVER, AsJson, Server, print_json

app = typer.Typer(no_args_is_help=True, help="Make and revoke the API's bearer tokens.")


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="What to call it.")],
    *,
    scope: Annotated[
        Literal["read", "submit", "report", "triage", "admin"],
        typer.Option(
            help="read: look; submit: also ask for scans; report: only hand in reports; "
            "triage: look and decide on findings; admin: everything."
        ),
    ],
    days: Annotated[int, typer.Option(help="How long it is valid.")] = 90,
    assets: Annotated[
        list[str] | None,
        typer.Option("--asset", help="Only for these repositories, such as github.com/acme/*; repeat for more."),
    ] = None,
    server: Server = DEFAULT_SERVER,
    as_json: AsJson = False,
) -> None:
    """Make a token; prints it, this once."""
    found = Client(server).send("POST", "/tokens", {"name": name, "scope": scope, "days": days, "assets": assets or []})
    if as_json:
        print_json(found)
        return
    print(f"id     {found['id']}\ntoken  {found['token']}")
    print(f"It is shown this once, and valid until {found['expires_at'][:10]}. Send it as PICKET_API_TOKEN.")


@app.command("list")
def list_tokens(*, server: Server = DEFAULT_SERVER, as_json: AsJson = False) -> None:
    """List tokens, without what they are."""
    found = Client(server).get("/tokens")
    if as_json:
        print_json(found)
        return
    if not found["tokens"]:
        print("No tokens.")
    for token in found["tokens"]:
        used = (token["last_used_at"] or "never")[:10]
        until = token["expires_at"][:10]
        limited = f"  only {', '.join(token['assets'])}" if token["assets"] else ""
        state = f"{token['scope']:6}  {token['state']:7}"
        print(f"{token['id']}  {state}  until {until}  used {used:10}  {token['name']}{limited}")


@app.command()
def revoke(
    token: Annotated[str, typer.Argument(help="Id of a token, as `list` shows it, or its name.")],
    *,
    server: Server = DEFAULT_SERVER,
    as_json: AsJson = False,
) -> None:
    """End a token; within five seconds nothing takes it any more."""
    found = Client(server).send("DELETE", f"/tokens/{segment(token)}", {})
    if as_json:
        print_json(found)
        return
    print(f"{found['id']} is revoked")
