"""`picket doctor`: is a deployment in order, and if not, what is to be done?"""

from __future__ import annotations

import sys

import typer

from picket.cli.client import Client
from picket.cli.options import DEFAULT_SERVER, AsJson, Server, print_json

_COLOURS = {"ok": "green", "wrong": "red", "skipped": "bright_black"}


def doctor(server: Server = DEFAULT_SERVER, *, as_json: AsJson = False) -> None:
    """Ask a deployment whether it is in order: broker, store, clock, secrets, artifacts, stream; 1 if not.

    The api function tries it in its own place. What only others have, rules and room for mirrors, each of them tells:
    `python -m picket.runtime.doctor` in its pod.
    """
    checks = Client(server).get("/doctor")["checks"]
    if as_json:
        print_json({"checks": checks})
    for one in () if as_json else checks:
        typer.secho(f"{one['state']:8}", fg=_COLOURS[one["state"]], nl=False)
        typer.echo(f"{one['check']:11}{one['found']}" + (f"\n{'':19}{one['advice']}" if one["advice"] else ""))
    sys.exit(1 if any(one["state"] == "wrong" for one in checks) else 0)
