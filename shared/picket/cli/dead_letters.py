"""`picket dead-letters`: what exhausted its retries or was rejected, and what to do about it."""

from __future__ import annotations

import getpass
import json
from collections.abc import Callable
from typing import Annotated, Any

import typer

from picket.cli.client import Client, fail, segment
from picket.cli.options import DEFAULT_SERVER, AsJson, Server, plain, print_json
from picket.cli.paging import rows

app = typer.Typer(no_args_is_help=True, help="Look after events that exhausted their retries or were rejected.")
Json = dict[str, Any]
LetterId = Annotated[str, typer.Argument(help="Id of a letter, as `list` shows it.")]
LetterIdOrNone = Annotated[str, typer.Argument(help="Id of a letter; none with --all.")]
Function = Annotated[str, typer.Option("--trigger", "--function", help="Only of this Trigger or function.")]
Kind = Annotated[str, typer.Option(help="Only of this kind: dead-letter or rejection.")]
Everything = Annotated[bool, typer.Option("--all", help="All that are open, of --trigger and --kind where given.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


@app.command("list")
def list_letters(
    *,
    trigger: Function = "",
    kind: Kind = "",
    closed: Annotated[bool, typer.Option("--all", help="Also what was replayed or dropped.")] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many; without it, all.")] = None,
    server: Server = DEFAULT_SERVER,
    as_json: AsJson = False,
) -> None:
    """List letters, by function and oldest first, without their data."""
    client = Client(server)
    functions = client.get("/dead-letters/counts")["functions"]
    letters, more = _letters(client, trigger, kind, closed=closed, limit=limit)
    if as_json:
        print_json({"functions": functions, "letters": letters, "more": more})
        return
    if not functions:
        print("No dead letters, no rejections.")
    for function, found in functions.items():
        counted = f"{found['dead_letters']} dead letters, {found['rejections']} rejections"
        print(f"{function}: {counted}, the oldest since {found['oldest'][:19]}Z")
    for letter in letters:
        print(f"{letter['id']}  {letter['since'][:19]}Z  {letter['function']:9}  {letter['state']:8}  {letter['type']}")
        print(f"    {plain(letter['subject'])}  {plain(letter['reason'])}")
    if more:
        print(f"These are the first {len(letters)}; --limit shows more.")


@app.command()
def show(letter: LetterId, *, server: Server = DEFAULT_SERVER, as_json: AsJson = False) -> None:
    """Show a letter and its whole event, data included."""
    found = Client(server).get(f"/dead-letters/{segment(letter)}")
    if as_json:
        print_json(found)
        return
    print(f"{found['kind']} of {found['function']}, {found['state']}: {plain(found['reason'])}")
    print(f"since {found['since']}, the last time {found['last_at']}, {found['times']} times in all")
    if found["replay_of"]:
        print(f"a replay of {found['replay_of']}")
    for replay in found["replays"]:
        asked = f", asked for {replay['scan']}" if replay["scan"] else ""
        print(f"replay {replay['number']} at {replay['at']} by {plain(replay['by'])}: event {replay['event']}{asked}")
    if found["dropped_at"]:
        print(f"dropped at {found['dropped_at']} by {plain(found['dropped_by'])}")
    print(f"a replay asks for {found['replay_asks_for']}")
    for name, value in found["event"].items():
        print(f"  {name:13} {plain(value)}")
    print(json.dumps(found["data"], indent=2) if not found["data_lost"] else f"data lost: {plain(found['data_lost'])}")


@app.command()
def replay(
    letter: LetterIdOrNone = "",
    *,
    trigger: Function = "",
    kind: Kind = "",
    everything: Everything = False,
    yes: Yes = False,
    again: Annotated[bool, typer.Option("--again", help="Once more, though it was replayed already.")] = False,
    server: Server = DEFAULT_SERVER,
    as_json: AsJson = False,
) -> None:
    """Send letters again: each as a new event, or as a new scan where the former one has ended."""
    client = Client(server)
    order: Json = {"by": getpass.getuser()}
    if again and not everything:
        order["number"] = len(client.get(f"/dead-letters/{segment(letter)}")["replays"]) + 1
    chosen = _chosen(client, letter, trigger, kind, everything=everything, yes=yes, what="Replay")
    done = _each(chosen, lambda wanted: client.send("POST", f"/dead-letters/{segment(wanted)}/replay", order))
    if as_json:
        print_json({"letters": done})
    else:
        for found in done:
            last = found["replays"][-1]
            print(f"{found['id']}  replay {last['number']}: event {last['event']} {last['scan']}".rstrip())
        _count(len(done), chosen, "replayed")
    if len(done) < len(chosen):
        raise typer.Exit(2)


@app.command()
def drop(
    letter: LetterIdOrNone = "",
    *,
    trigger: Function = "",
    kind: Kind = "",
    everything: Everything = False,
    yes: Yes = False,
    server: Server = DEFAULT_SERVER,
    as_json: AsJson = False,
) -> None:
    """Take letters from the list; they stay on record, and `list --all` shows them."""
    client, order = Client(server), {"by": getpass.getuser()}
    chosen = _chosen(client, letter, trigger, kind, everything=everything, yes=yes, what="Drop")
    done = _each(chosen, lambda wanted: client.send("DELETE", f"/dead-letters/{segment(wanted)}", order))
    if as_json:
        print_json({"letters": done})
    else:
        _count(len(done), chosen, "dropped")
    if len(done) < len(chosen):
        raise typer.Exit(2)


def _count(done: int, chosen: list[str], what: str) -> None:
    """Say how many it was done to; where it was to none, what stood in the way was said."""
    if done or not chosen:
        print(f"{done} {what}" if chosen else "No letters.")


def _each(chosen: list[str], send: Callable[[str], Json]) -> list[Json]:
    """Do it to each letter, and go on where one does not allow it: that was said on standard error."""
    done = []
    for wanted in chosen:
        try:
            done.append(send(wanted))
        except typer.Exit:
            continue
    return done


def _chosen(
    client: Client, letter: str, trigger: str, kind: str, *, everything: bool, yes: bool, what: str
) -> list[str]:
    """Return the ids of the letters that a command is for, after asking where it is for many."""
    if bool(letter) == everything:
        fail("give the id of a letter, or --all")
    if not everything:
        return [letter]
    letters, _ = _letters(client, trigger, kind, closed=False)
    found = [one["id"] for one in letters]
    if found and not yes and not typer.confirm(f"{what} {len(found)} letters?", err=True):
        raise typer.Exit(1)
    return found


def _letters(
    client: Client, trigger: str, kind: str, *, closed: bool, limit: int | None = None
) -> tuple[list[Json], bool]:
    everything = {"all": "true"} if closed else {}
    return rows(client, "/dead-letters", "letters", limit, function=trigger, kind=kind, **everything)
