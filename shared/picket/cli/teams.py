"""`picket teams`: who owns repositories, and how they stand."""

from __future__ import annotations

from typing import Annotated

import typer

from picket.cli.client import Client, segment
from picket.cli.options import DEFAULT_SERVER, AsJson, Server, print_json
from picket.cli.paging import rows

app = typer.Typer(no_args_is_help=True, help="See the scores of teams; `repositories set --team` says who owns what.")
_CHANGES_SHOWN = 5


@app.command("list")
def list_teams(*, server: Server = DEFAULT_SERVER, as_json: AsJson = False) -> None:
    """List the teams that own repositories: score, grade, repositories that have a score, and name."""
    found, _ = rows(Client(server), "/teams", "teams")
    if as_json:
        print_json({"teams": found, "next": None})
        return
    if not found:
        print("No teams.")
    for team in found:
        print(
            f"{_number(team['score'])}  {team['grade']:7}  {team['scored_repositories']:6} repositories  {team['id']}"
        )


@app.command()
def show(
    team: Annotated[str, typer.Argument(help="Name of a team.")],
    *,
    server: Server = DEFAULT_SERVER,
    as_json: AsJson = False,
) -> None:
    """Show a team: its score, its repositories with theirs, the lowest first, and what moved it last."""
    found = Client(server).get(f"/teams/{segment(team)}")
    if as_json:
        print_json(found)
        return
    print(f"Score {_number(found['score']).strip()}  grade {found['grade']}  {found['id']}")
    scored = {member["repository"]: member for member in found["members"]}
    for member in sorted(scored.values(), key=lambda one: (one["score"], one["repository"])):
        print(f"{_number(member['score'])}  criticality {member['criticality']:g}  {member['repository']}")
    for repository in found["repositories"]:
        if repository not in scored:
            print(f"{_number(None)}  no score yet  {repository}")
    for change in found["history"][:_CHANGES_SHOWN]:
        print(f"  {change['at'][:19]}Z  {_number(change['previous']).strip()} to {_number(change['score']).strip()}")


def _number(score: float | None) -> str:
    return f"{'-' if score is None else f'{score:.1f}':>5}"
