"""`picket webhooks`: registering webhooks."""

from __future__ import annotations

from typing import Annotated

import typer

from picket.cli import connections
from picket.cli.client import Client, segment
from picket.cli.options import DEFAULT_SERVER, AsJson, Server, print_json, repository_address

app = typer.Typer(no_args_is_help=True, help="Register webhooks; make and keep them at forges.")
app.command()(connections.connect)
app.command()(connections.disconnect)
app.command("connections")(connections.connections)
app.command("connection")(connections.connection)
app.command()(connections.check)
WebhookId = Annotated[str, typer.Argument(help="Id of a webhook, as `list` shows it.")]


@app.command()
def add(
    sender: Annotated[
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
    order = {"sender": sender, "name": name, "organization": organization}
    order["repository"] = repository_address(repository) if repository else ""
    found = Client(server).send("POST", "/webhooks", order)
    if as_json:
        print_json(found)
        return
    print(f"id      {found['id']}\nurl     {found['url']}\nsecret  {found['secret']}")
    print("The secret is shown this once. Give both to the forge; content type application/json.")


@app.command("list")
def list_webhooks(*, server: Server = DEFAULT_SERVER, as_json: AsJson = False) -> None:
    """List webhooks, without their secrets."""
    found = Client(server).get("/webhooks")
    if as_json:
        print_json(found)
        return
    if not found["webhooks"]:
        print("No webhooks.")
    for webhook in found["webhooks"]:
        state = "revoked" if webhook["revoked"] else "active"
        print(f"{webhook['id']}  {webhook['sender']:8}  {state:7}  {webhook['name']}  {webhook['scope'] or 'any'}")


@app.command()
def rotate(
    webhook: WebhookId,
    *,
    grace: Annotated[float, typer.Option(help="Seconds the former secret stays valid.")] = 86_400,
    server: Server = DEFAULT_SERVER,
    as_json: AsJson = False,
) -> None:
    """Give a webhook a new secret."""
    found = Client(server).send("POST", f"/webhooks/{segment(webhook)}/rotate", {"grace_seconds": grace})
    if as_json:
        print_json(found)
        return
    secret = f"secret  {found['secret']}\n" if "secret" in found else "Its forge is given the new secret.\n"
    print(f"id      {found['id']}\n{secret}The former one stays valid for {grace:g} seconds.")


@app.command()
def revoke(webhook: WebhookId, *, server: Server = DEFAULT_SERVER, as_json: AsJson = False) -> None:
    """Make a webhook's URL unknown."""
    found = Client(server).send("DELETE", f"/webhooks/{segment(webhook)}", {})
    if as_json:
        print_json(found)
        return
    print(f"{found['id']} is revoked")
