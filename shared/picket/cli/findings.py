"""`picket findings`: listing findings, and deciding on them."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from picket.cli.client import Client, Json, segment
from picket.cli.options import DEFAULT_SERVER, AsJson, Server, listed, print_json
from picket.cli.requests import all_findings, repository_name
from picket.confidence import MIN_CONFIDENCE


class ListsByDefault(TyperGroup):
    """A group whose command is `list` where none is named: `picket findings`, `picket findings REPOSITORY`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - as the method that it overrides
        """Put `list` in front of what names no command."""
        if not args or (args[0] not in self.commands and args[0] != "--help"):
            args = ["list", *args]
        return list(super().parse_args(ctx, args))


app = typer.Typer(cls=ListsByDefault, help="List findings, and decide on them.")

Ids = Annotated[list[str], typer.Argument(metavar="ID…", help="Ids of findings; `-` reads them from standard input.")]
Comment = Annotated[str, typer.Option("--comment", "-m", help="What to say about it.")]
Everywhere = Annotated[bool, typer.Option("--everywhere", help="Also where else the same secret stands.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Change nothing; say what would change.")]


@app.callback()
def findings() -> None:
    """List findings, and decide on them; without a command, list."""


@app.command("list")
def list_findings(
    repository: Annotated[str, typer.Argument(help="Only of this repository.")] = "",
    *,
    severity: Annotated[str, typer.Option(help="Only of this severity.")] = "",
    state: Annotated[str, typer.Option(help="Only in this state: open, accepted, fixed or false-positive.")] = "",
    kind: Annotated[str, typer.Option(help="Only of this kind, such as secret or weakness.")] = "",
    rule: Annotated[str, typer.Option(help="Only of this rule.")] = "",
    reporter: Annotated[str, typer.Option(help="Only what this tool reports.")] = "",
    assignee: Annotated[str, typer.Option(help="Only what is assigned to this person.")] = "",
    min_confidence: Annotated[
        float, typer.Option(min=0, max=1, help="Only of this confidence or more.")
    ] = MIN_CONFIDENCE,
    everything: Annotated[bool, typer.Option("--all", help="Of any confidence.")] = False,
    server: Server = DEFAULT_SERVER,
    as_json: AsJson = False,
) -> None:
    """List findings, redacted."""
    least = 0.0 if everything else min_confidence
    filters = {"repository": repository_name(repository), "severity": severity, "state": state, "rule": rule}
    filters |= {"kind": kind, "reporter": reporter, "assignee": assignee}
    client = Client(server)
    found, left_out = all_findings(client, least, **filters, occurrences="true" if as_json else "")
    if as_json:
        print_json({"findings": found, "left_out": left_out, "next": None})
        return
    from picket.cli import show  # noqa: PLC0415 - rich takes its time

    known = client.get(f"/repositories/{segment(repository_name(repository))}") if repository else None
    show.findings(found, show.console(), of=known)
    show.left_out(left_out, least, show.console())


@app.command("show")
def show_one(
    finding: Annotated[str, typer.Argument(metavar="ID", help="Id of a finding.")],
    *,
    server: Server = DEFAULT_SERVER,
    as_json: AsJson = False,
) -> None:
    """Show one finding: what it is, where it is, who reports it, and its history."""
    found = Client(server).get(f"/findings/{segment(finding)}")
    if as_json:
        print_json(found)
        return
    from picket.cli import show  # noqa: PLC0415 - rich takes its time

    show.finding(found, show.console())


@app.command()
def accept(
    ids: Ids,
    *,
    reason: Annotated[
        str,
        typer.Option(help="test-data, not-applicable, not-supported, risk-accepted, or a reason in your own words."),
    ],
    until: Annotated[str, typer.Option(help="When that ends: a date within the next 366 days.")],
    comment: Comment = "",
    everywhere: Everywhere = False,
    dry_run: DryRun = False,
    server: Server = DEFAULT_SERVER,
    as_json: AsJson = False,
) -> None:
    """Accept findings for some time: they cost nothing until then."""
    change = {"state": "accepted", "reason": reason, "until": until, "comment": comment}
    _decide(server, ids, change, everywhere=everywhere, dry_run=dry_run, as_json=as_json)


@app.command()
def fix(
    ids: Ids,
    *,
    comment: Comment = "",
    everywhere: Everywhere = False,
    dry_run: DryRun = False,
    server: Server = DEFAULT_SERVER,
    as_json: AsJson = False,
) -> None:
    """Say that findings are fixed: a credential is revoked and replaced, a weakness is gone."""
    _decide(
        server, ids, {"state": "fixed", "comment": comment}, everywhere=everywhere, dry_run=dry_run, as_json=as_json
    )


@app.command("false-positive")
def false_positive(
    ids: Ids,
    *,
    comment: Comment = "",
    everywhere: Everywhere = False,
    dry_run: DryRun = False,
    server: Server = DEFAULT_SERVER,
    as_json: AsJson = False,
) -> None:
    """Mark findings as false positives: they are no problem, and cost nothing."""
    change = {"state": "false-positive", "comment": comment}
    _decide(server, ids, change, everywhere=everywhere, dry_run=dry_run, as_json=as_json)


@app.command()
def reopen(
    ids: Ids,
    *,
    comment: Comment = "",
    dry_run: DryRun = False,
    server: Server = DEFAULT_SERVER,
    as_json: AsJson = False,
) -> None:
    """Open findings again."""
    _decide(server, ids, {"state": "open", "comment": comment}, dry_run=dry_run, as_json=as_json)


@app.command()
def assign(
    person: Annotated[str, typer.Argument(help="Who works on it; an empty name takes it away.")],
    ids: Ids,
    *,
    comment: Comment = "",
    server: Server = DEFAULT_SERVER,
    as_json: AsJson = False,
) -> None:
    """Say who works on findings."""
    _decide(server, ids, {"assignee": person, "comment": comment}, as_json=as_json)


@app.command("comment")
def say(
    text: Annotated[str, typer.Argument(help="What to say.")],
    ids: Ids,
    *,
    server: Server = DEFAULT_SERVER,
    as_json: AsJson = False,
) -> None:
    """Comment on findings."""
    _decide(server, ids, {"comment": text}, as_json=as_json)


def _decide(
    server: str,
    ids: list[str],
    change: Json,
    *,
    everywhere: bool = False,
    dry_run: bool = False,
    as_json: bool = False,
) -> None:
    """Ask for one decision on several findings; status 1 where some of them are refused."""
    client, names = Client(server), listed(ids)
    same = [one["id"] for name in names for one in client.get(f"/findings/{segment(name)}")["elsewhere"]]
    wanted = list(dict.fromkeys([*names, *(same if everywhere else [])]))
    found = client.send("POST", "/findings/actions", {"change": change, "ids": wanted, "dry_run": dry_run})
    if as_json:
        print_json(found)
    else:
        _print(found, dry_run=dry_run)
        others = [name for name in dict.fromkeys(same) if name not in wanted]
        if others and "state" in change:
            print(f"The same secret stands in {len(others)} other findings; --everywhere decides on them, too.")
    if found["refused"]:
        raise typer.Exit(1)


def _print(found: Json, *, dry_run: bool) -> None:
    would = "would be " if dry_run else ""
    print(f"{len(found['changed'])} findings {would}changed, {len(found['unchanged'])} as they were")
    if found["waiting"]:
        which = f": approval {found['approval']['id']}" if "approval" in found else ""
        print(f"{len(found['waiting'])} findings {'would ' if dry_run else ''}wait for a second person{which}")
    for one in found["refused"]:
        print(f"picket: {one['id']}: {one['detail']}", file=sys.stderr)
