"""`picket organizations`: registering all repositories of an organization."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from picket.cli.client import Client, segment
from picket.cli.options import DEFAULT_SERVER, AsJson, Server, plain, print_json
from picket.cli.paging import rows

_FORGES = "github, gitlab, gitea, forgejo, bitbucket, bitbucket-datacenter or azure."
app = typer.Typer(no_args_is_help=True, help="Register all repositories of an organization.")
Json = dict[str, Any]
Organization = Annotated[str, typer.Argument(help="Id of an organization, host/name, as `list` shows it.")]


@app.command()
def add(
    forge: Annotated[str, typer.Argument(help=_FORGES)],
    name: Annotated[str, typer.Argument(help="Organization, group's path, workspace, project or user.")],
    *,
    host: Annotated[str, typer.Option(help="Host of the forge, unless it is its public one.")] = "",
    token_ref: Annotated[str, typer.Option(help="Entry of PICKET_GIT_TOKENS, unless it is the host's.")] = "",
    include: Annotated[list[str] | None, typer.Option(help="Only those whose path this glob matches.")] = None,
    exclude: Annotated[list[str] | None, typer.Option(help="Not those whose path this glob matches.")] = None,
    archived: Annotated[bool, typer.Option("--archived", help="Archived ones, too.")] = False,
    no_forks: Annotated[bool, typer.Option("--no-forks", help="No forks.")] = False,
    cron: Annotated[str, typer.Option(help="When to list it again; else after PICKET_SCHEDULE_HOURS.")] = "",
    repository_cron: Annotated[str, typer.Option(help="Schedule that its new repositories get.")] = "",
    timezone: Annotated[str, typer.Option(help="Of both schedules.")] = "UTC",
    jitter: Annotated[int, typer.Option(help="Seconds over which both are spread.")] = 0,
    server: Server = DEFAULT_SERVER,
    as_json: AsJson = False,
) -> None:
    """Register an organization; its repositories follow in the background."""
    order: Json = {"forge": forge, "name": name, "host": host, "token_ref": token_ref}
    order |= {"include": include or [], "exclude": exclude or [], "archived": archived, "forks": not no_forks}
    for field, expression in (("schedule", cron), ("repository_schedule", repository_cron)):
        if expression:
            order[field] = {"cron": expression, "timezone": timezone, "jitter_seconds": jitter}
    _print(Client(server).send("POST", "/organizations", order), as_json=as_json)


@app.command("list")
def list_organizations(*, server: Server = DEFAULT_SERVER, as_json: AsJson = False) -> None:
    """List organizations, and how their listings stand."""
    found, _ = rows(Client(server), "/organizations", "organizations")
    if as_json:
        print_json({"organizations": found, "next": None})
        return
    if not found:
        print("No organizations.")
    for one in found:
        print(f"{one['state']:10} {one['kept']:6} repositories  {one['id']}  {plain(one['reason'])}".rstrip())


@app.command()
def show(organization: Organization, *, server: Server = DEFAULT_SERVER, as_json: AsJson = False) -> None:
    """Show an organization, and how far its listing has come."""
    _print(Client(server).get(f"/organizations/{segment(organization)}"), as_json=as_json)


@app.command()
def sync(organization: Organization, *, server: Server = DEFAULT_SERVER, as_json: AsJson = False) -> None:
    """List an organization's repositories again, unless that is under way."""
    _print(Client(server).send("POST", f"/organizations/{segment(organization)}/sync", {}), as_json=as_json)


@app.command()
def remove(organization: Organization, *, server: Server = DEFAULT_SERVER, as_json: AsJson = False) -> None:
    """Forget an organization; its repositories and their schedules stay."""
    found = Client(server).send("DELETE", f"/organizations/{segment(organization)}", {})
    if as_json:
        print_json(found)
        return
    print(f"{found['id']} is forgotten")


def _print(found: Json, *, as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    print(f"{found['state']}  {found['id']}  {plain(found['reason'])}".rstrip())
    counted = ", ".join(f"{found[name]} {name}" for name in ("listed", "kept", "refused", "vanished"))
    print(f"  {counted} repositories on {found['pages'] + (found['state'] == 'Done')} pages")
    for name in ("requested_at", "listed_at", "resume_at", "due_at"):
        if found[name]:
            print(f"  {name:13} {found[name]}")
