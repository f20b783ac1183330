"""`picket people`: names and addresses of people in what is stored."""

from __future__ import annotations

from typing import Annotated

import typer

from picket.cli.client import Client
from picket.cli.options import DEFAULT_SERVER, AsJson, Server, print_json

app = typer.Typer(no_args_is_help=True, help="Forget people.")
Person = Annotated[str, typer.Argument(help="Address or name, as commits and decisions have it.")]


@app.callback()
def _group() -> None:
    """Keep `forget` a command of its own, though it is the only one."""


@app.command()
def forget(person: Person, *, server: Server = DEFAULT_SERVER, as_json: AsJson = False) -> None:
    """Put a pseudonym in place of a person, in all that is stored and in what is recorded later.

    Commits keep what their authors wrote into them: mirrors are deleted when idle, repositories are not ours to change.
    """
    client, changed = Client(server), 0
    while True:
        told = client.send("POST", "/people/forget", {"person": person})
        changed += told["changed"]
        if not told["is_more"]:
            break
    if as_json:
        print_json({"pseudonym": told["pseudonym"], "changed": changed})
    else:
        print(f"{told['pseudonym']} stands in {changed} documents instead.")
        print("A scan that runs just now may still record the name: say it once more in a minute.")
