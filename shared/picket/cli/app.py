"""Entry point of `picket`: one module a command or group of commands."""

from __future__ import annotations

import logging
import os
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from picket.cli import (
    approvals,
    dead_letters,
    findings,
    hooks,
    organizations,
    people,
    policy,
    repositories,
    requests,
    teams,
    tokens,
    webhooks,
)
from picket.cli.ci import ci
from picket.cli.doctor import doctor
from picket.cli.imports import import_report
from picket.cli.keys import keys
from picket.cli.run import run
from picket.cli.scans import scans
from picket.cli.top import top
from picket.cli.up import up
from picket.cli.verify import revoke, verify
from picket.cli.watch import watch
from picket.errors import PicketError


class Commands(TyperGroup):
    """All commands, with what may happen to any of them."""

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 - as the method that it overrides
        """Run a command; where its reader stops before the end of the output, end with status 2, as `scan` does."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python tries once more when it ends
            raise typer.Exit(2) from None
        return result


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _tell_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version  # noqa: PLC0415 - few commands need it

        print(f"picket {version('picket')}")
        raise typer.Exit


app.add_typer(hooks.app, name="hooks")
app.command()(up)
app.command()(run)
app.command()(top)
app.command()(requests.submit)
app.command()(requests.status)
app.command()(scans)
app.command()(requests.cancel)
app.command()(watch)
app.add_typer(findings.app, name="findings")
app.add_typer(approvals.app, name="approvals")
app.command()(verify)
app.command()(revoke)
app.add_typer(people.app, name="people")
app.command("import")(import_report)
app.command()(requests.score)
app.add_typer(webhooks.app, name="webhooks")
app.add_typer(webhooks.app, name="sources", hidden=True)  # its name of a former version
app.add_typer(tokens.app, name="tokens")
app.command()(ci)
app.command()(keys)
app.command()(doctor)
app.add_typer(policy.app, name="policy")
app.add_typer(policy.rules, name="rules")
app.add_typer(organizations.app, name="organizations")
app.add_typer(repositories.app, name="repositories")
app.add_typer(teams.app, name="teams")
app.add_typer(dead_letters.app, name="dead-letters")


@app.callback()
def picket(
    *,
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_tell_version, help="Print the version and end.")
    ] = False,
) -> None:
    """Event-driven application security for every repository an organisation owns."""


@app.command(add_help_option=False, context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def scan(context: typer.Context) -> None:
    """Look for leaked credentials on this machine: a repository, URL, folder, file; `picket scan --help` tells."""
    from picket.cli.scan import main as look  # noqa: PLC0415 - the others do without

    raise typer.Exit(look(context.args))


def main() -> None:
    """Run the command line; what is wrong with this machine or installation is said in one line, with status 2."""
    for stream, errors in ((sys.stdin, "surrogateescape"), (sys.stdout, "backslashreplace")):
        if hasattr(stream, "reconfigure"):  # file names need not be text
            stream.reconfigure(errors=errors)
    logging.getLogger("urllib3").addHandler(logging.NullHandler())  # commands say themselves what does not answer
    try:
        app()
    except PicketError as error:
        print(f"picket: {error}", file=sys.stderr)
        sys.exit(2)
    except OSError as error:
        named = f"{error.filename}: " if error.filename else ""
        print(f"picket: {named}{error.strerror or error}", file=sys.stderr)
        sys.exit(2)
