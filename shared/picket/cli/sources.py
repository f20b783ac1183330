"""`picket sources`: registering webhooks."""

from __future__ import annotations

from typing import Annotated

import typer

from picket.cli.client import Client, segment
from picket.cli.options import DEFAULT_SERVER, AsJson, Server, print_json, repository_address

app = typer.Typer(no_args_is_help=True, help="Register webhooks.")
SourceId = Annotated[str, typer.Argument(help="Id of a source, as `list` shows it.")]


@app.command()
def add(
    provider: Annotated[
        str, typer.Argument(help="Who sends: github, standard, or another sender that the server knows.")
    ],
    *,
    name: Annotated[str, typer.Option(help="What to call it.")],
    repository: Annotated[str, typer.Option(help="The one repository it speaks for.")] = "",
    organization: Annotated[str, typer.Option(help="host/owner whose repositories it speaks for.")] = "",
    server: Server = DEFAULT_SERVER,
    as_json: AsJson = False,
) -> None:
    """Register a webhook; prints its URL and secret, this once."""
    order = {"provider": provider, "name": name, "organization": organization}
    order["repository"] = repository_address(repository) if repository else ""
    found = Client(server).send("POST", "/sources", order)
    if as_json:
        print_json(found)
        return
    print(f"id      {found['id']}\nurl     {found['url']}\nsecret  {found['secret']}")
    print("The secret is shown this once. Give both to the forge; content type application/json.")


@app.command("list")
def list_sources(*, server: Server = DEFAULT_SERVER, as_json: AsJson = False) -> None:
    """List sources, without their secrets."""
    found = Client(server).get("/sources")
    if as_json:
        print_json(found)
        return
    if not found["sources"]:
        print("No sources.")
    for source in found["sources"]:
        state = "revoked" if source["revoked"] else "active"
        print(f"{source['id']}  {source['provider']:8}  {state:7}  {source['name']}  {source['scope'] or 'any'}")


@app.command()
def rotate(
    source: SourceId,
    *,
    grace: Annotated[float, typer.Option(help="Seconds the former secret stays valid.")] = 86_400,
    server: Server = DEFAULT_SERVER,
    as_json: AsJson = False,
) -> None:
    """Give a source a new secret."""
    found = Client(server).send("POST", f"/sources/{segment(source)}/rotate", {"grace_seconds": grace})
    if as_json:
        print_json(found)
        return
    print(f"id      {found['id']}\nsecret  {found['secret']}\nThe former one stays valid for {grace:g} seconds.")


@app.command()
def revoke(source: SourceId, *, server: Server = DEFAULT_SERVER, as_json: AsJson = False) -> None:
    """Make a source's URL unknown."""
    found = Client(server).send("DELETE", f"/sources/{segment(source)}", {})
    if as_json:
        print_json(found)
        return
    print(f"{found['id']} is revoked")
