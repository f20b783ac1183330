"""`picket repositories`: registering repositories, and when they are looked at."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlencode

import typer

from picket.cli.client import Client, fail, segment
from picket.cli.options import DEFAULT_SERVER, AsJson, Server, listed, print_json, repository_address
from picket.cli.paging import rows
from picket.cli.requests import repository_name

app = typer.Typer(no_args_is_help=True, help="Register repositories, and say when they are scanned.")
Json = dict[str, Any]
Repository = Annotated[str, typer.Argument(help="Id, name or URL of a repository, or a folder.")]
_AT_ONCE = 1_000
"""Repositories that the API takes in one request."""
Name = Annotated[str, typer.Option("--name", help="What the schedule is called.")]


@app.command("list")
def list_repositories(*, server: Server = DEFAULT_SERVER, as_json: AsJson = False) -> None:
    """List repositories: score, when the next scan is due, and name."""
    found, _ = rows(Client(server), "/repositories", "repositories")
    if as_json:
        print_json({"repositories": found, "next": None})
        return
    if not found:
        print("No repositories.")
    for repository in found:
        score = "-" if repository["score"] is None else f"{repository['score']:.1f}"
        resting = [name for name in ("deleted", "archived", "vanished_at") if repository[name]]
        state = resting[0].removesuffix("_at") if resting else _short(repository["due_at"])
        print(f"{score:>5}  {state:20}  {repository['name']}")


@app.command()
def add(
    repositories: Annotated[list[str], typer.Argument(help="URL, host/owner/name or folder; `-` reads a list.")],
    *,
    server: Server = DEFAULT_SERVER,
    as_json: AsJson = False,
) -> None:
    """Register repositories to be scanned by schedule, the first time as soon as may be."""
    orders = [{"repository": repository_address(name)} for name in listed(repositories)]
    client, ids = Client(server), []
    for start in range(0, len(orders), _AT_ONCE):
        ids += client.send("POST", "/repositories", orders[start : start + _AT_ONCE])["repositories"]
    if as_json:
        print_json({"repositories": ids})
        return
    print("\n".join(ids))


@app.command()
def show(repository: Repository, *, server: Server = DEFAULT_SERVER, as_json: AsJson = False) -> None:
    """Show a repository and its schedules."""
    client = Client(server)
    found = client.get(f"/repositories/{segment(repository_name(repository))}")
    schedules = client.get(f"/repositories/{segment(found['id'])}/schedules")
    if as_json:
        print_json({**found, "schedules": schedules["schedules"], "default": schedules["default"]})
        return
    for name, value in found.items():
        print(f"{name:20} {'-' if value is None else value}")
    for schedule in schedules["schedules"]:
        _print_schedule(schedule)
    if schedules["default"]:
        print(f"no schedule of its own: scanned {schedules['default']['every_hours']:g} hours after the last time")


@app.command("set")
def set_owner(
    repository: Repository,
    *,
    team: Annotated[str, typer.Option(help="Team that owns it.")] = "",
    no_team: Annotated[bool, typer.Option("--no-team", help="No team owns it.")] = False,
    server: Server = DEFAULT_SERVER,
    as_json: AsJson = False,
) -> None:
    """Say which team owns a repository; the scores of its teams follow."""
    if bool(team) == no_team:
        fail("give --team or --no-team")
    where = f"/repositories/{segment(repository_name(repository))}/team"
    found = Client(server).send("PUT", where, {"team": team})
    if as_json:
        print_json(found)
        return
    print(f"{found['id']} is owned by {found['team'] or 'no team'}")


@app.command()
def schedule(
    repository: Repository,
    *,
    cron: Annotated[str, typer.Option(help="Minute, hour, day of the month, month, day of the week.")],
    name: Name = "main",
    timezone: Annotated[str, typer.Option(help="Such as Europe/Berlin.")] = "UTC",
    jitter: Annotated[int, typer.Option(help="Seconds over which repositories are spread.")] = 0,
    kind: Annotated[str, typer.Option(help="scheduled: what is new; full: all of it.")] = "scheduled",
    pull_requests: Annotated[bool, typer.Option("--pull-requests", help="Their refs, too.")] = False,
    disabled: Annotated[bool, typer.Option("--disabled", help="Keep it, switched off.")] = False,
    server: Server = DEFAULT_SERVER,
    as_json: AsJson = False,
) -> None:
    """Give a repository a schedule; then only its own count."""
    order = {"cron": cron, "timezone": timezone, "jitter_seconds": jitter, "kind": kind}
    order |= {"pull_requests": pull_requests, "enabled": not disabled}
    where = f"/repositories/{segment(repository_name(repository))}/schedules/{segment(name)}"
    found = Client(server).send("PUT", where, order)
    if as_json:
        print_json(found)
        return
    _print_schedule(found)


@app.command()
def unschedule(
    repository: Repository, *, name: Name = "main", server: Server = DEFAULT_SERVER, as_json: AsJson = False
) -> None:
    """Take a schedule away; without any, a repository follows that of all."""
    where = f"/repositories/{segment(repository_name(repository))}/schedules/{segment(name)}"
    found = Client(server).send("DELETE", where, {})
    if as_json:
        print_json(found)
        return
    print(f"{len(found['schedules'])} schedules are left; due next {_short(found['due_at'])}")


@app.command()
def builds(
    repository: Repository,
    *,
    ref: Annotated[str, typer.Option(help="Keep the tree of each push to it.")] = "",
    off: Annotated[bool, typer.Option("--off", help="Keep no more.")] = False,
    server: Server = DEFAULT_SERVER,
    as_json: AsJson = False,
) -> None:
    """Show or say which pushes are kept as zip files in the artifact store."""
    client, where = Client(server), f"/repositories/{segment(repository_name(repository))}/builds"
    if off:
        found = client.send("DELETE", where, {})
    else:
        found = client.send("PUT", where, {"ref": ref}) if ref else client.get(where)
    if as_json:
        print_json(found)
        return
    for name, value in found.items():
        print(f"{name:8} {'-' if value is None else value}")


@app.command()
def forget(
    repository: Repository,
    *,
    confirm: Annotated[str, typer.Option(help="The repository's name, once more: its findings are deleted.")] = "",
    server: Server = DEFAULT_SERVER,
    as_json: AsJson = False,
) -> None:
    """Forget a repository with its findings; no webhook and no listing brings it back until it is added again."""
    if not confirm:
        fail(f"this deletes every finding of {repository}: say --confirm {repository}")
    query = urlencode({"confirm": repository_name(confirm)})
    found = Client(server).send("DELETE", f"/repositories/{segment(repository_name(repository))}?{query}", {})
    if as_json:
        print_json(found)
        return
    print(f"{found['id']} is being forgotten")


def _print_schedule(found: Json) -> None:
    more = ", with pull requests" if found["pull_requests"] else ""
    state = f"next {_short(found['next_at'])}" if found["enabled"] else "disabled"
    spread = f", spread over {found['jitter_seconds']} s" if found["jitter_seconds"] else ""
    print(f"{found['name']}: {found['cron']} {found['timezone']}{spread}, {found['kind']}{more}; {state}")


def _short(moment: str | None) -> str:
    return f"{moment[:19]}Z" if moment else "never"
