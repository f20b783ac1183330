"""`picket webhooks connect` and what belongs to it: webhooks that are made and kept at their forge."""

from __future__ import annotations

import time
from typing import Annotated, Any

import typer

from picket.cli.client import Client, segment
from picket.cli.options import DEFAULT_SERVER, AsJson, Server, plain, print_json
from picket.cli.paging import rows
from picket.forges import FORGES

Json = dict[str, Any]
ConnectionId = Annotated[str, typer.Argument(help="Id of a connection, host/name, as `connections` shows it.")]
_SETTLED = frozenset({"Connected", "Failed", "Orphaned", "Gone"})
_BETWEEN_SECONDS = 0.3


def connect(
    forge: Annotated[str, typer.Argument(help="github, gitlab, gitea, forgejo, bitbucket or another of the server's.")],
    name: Annotated[str, typer.Argument(help="OWNER for all of its repositories, or OWNER/NAME for one.")],
    *,
    host: Annotated[str, typer.Option(help="Host of the forge, unless it is the public one.")] = "",
    token_ref: Annotated[str, typer.Option(help="Entry of PICKET_GIT_TOKENS, unless it is the host's.")] = "",
    alerts: Annotated[bool, typer.Option("--alerts", help="The forge's security alerts, too.")] = False,
    manual: Annotated[
        bool, typer.Option("--manual", help="Print URL and secret instead, for you to register.")
    ] = False,
    timeout: Annotated[float, typer.Option(help="Seconds to wait until it is done; 0: not at all.")] = 60.0,
    server: Server = DEFAULT_SERVER,
    as_json: AsJson = False,
) -> None:
    """Create webhooks at a forge and keep them working; exits with 1 if that failed or has not finished."""
    client = Client(server)
    if manual:
        _by_hand(client, forge, name, host, as_json=as_json)
        return
    order = {"forge": forge, "name": name, "host": host, "token_ref": token_ref, "alerts": alerts}
    found = _followed(client, client.send("POST", "/connections", order), timeout)
    _print(found, as_json=as_json)
    if set(found["by_state"]) != {"Kept"} or found["state"] != "Connected":
        raise typer.Exit(1)


def disconnect(
    connection: ConnectionId,
    *,
    timeout: Annotated[float, typer.Option(help="Seconds to wait until it is done; 0: not at all.")] = 60.0,
    server: Server = DEFAULT_SERVER,
    as_json: AsJson = False,
) -> None:
    """Remove a connection's webhooks at its forge; exits with 1 if some could not be removed."""
    client = Client(server)
    found: Json | None = client.send("DELETE", f"/connections/{segment(connection)}", {})
    end = time.monotonic() + timeout
    while found is not None and found["state"] not in _SETTLED and time.monotonic() < end:
        time.sleep(_BETWEEN_SECONDS)
        found = client.find(f"/connections/{segment(connection)}")
    if found is None or found["state"] == "Gone":
        print_json({"id": connection, "state": "Gone"}) if as_json else print(f"{connection} is disconnected")
        return
    _print(found, as_json=as_json)
    raise typer.Exit(1)


def connections(*, server: Server = DEFAULT_SERVER, as_json: AsJson = False) -> None:
    """List connections and the state of their webhooks."""
    found, _ = rows(Client(server), "/connections", "connections")
    if as_json:
        print_json({"connections": found, "next": None})
        return
    if not found:
        print("No connections.")
    for one in found:
        counted = ", ".join(f"{count} {state.lower()}" for state, count in sorted(one["by_state"].items()))
        print(f"{one['state']:12} {one['id']}  {counted}  {plain(one['reason'])}".rstrip())


def connection(connection: ConnectionId, *, server: Server = DEFAULT_SERVER, as_json: AsJson = False) -> None:
    """Show a connection and its webhooks."""
    _print(Client(server).get(f"/connections/{segment(connection)}"), as_json=as_json)


def check(connection: ConnectionId, *, server: Server = DEFAULT_SERVER, as_json: AsJson = False) -> None:
    """Check a connection's webhooks now."""
    _print(Client(server).send("POST", f"/connections/{segment(connection)}/check", {}), as_json=as_json)


def _by_hand(client: Client, forge: str, name: str, host: str, *, as_json: bool) -> None:
    scope = f"{host or FORGES[forge].home}/{name}" if forge in FORGES else name
    found = client.send("POST", "/webhooks", {"sender": forge, "name": name, "organization": scope})
    if as_json:
        print_json(found)
        return
    print(f"id      {found['id']}\nurl     {found['url']}\nsecret  {found['secret']}")
    print("The secret is shown this once. Give both to the forge; content type application/json.")


def _followed(client: Client, found: Json, timeout: float) -> Json:
    end = time.monotonic() + timeout
    while not _is_done(found) and time.monotonic() < end:
        time.sleep(_BETWEEN_SECONDS)
        found = client.get(f"/connections/{segment(found['id'])}")
    return found


def _is_done(found: Json) -> bool:
    if found["state"] == "Connected":
        return bool(found["by_state"]) and not found["by_state"].get("New")
    return found["state"] in _SETTLED


def _print(found: Json, *, as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    print(f"{found['state']}  {found['id']}  {plain(found['reason'])}".rstrip())
    for remark in found["remarks"]:
        print(f"  {plain(remark)}")
    counted = ", ".join(f"{count} {state.lower()}" for state, count in sorted(found["by_state"].items()))
    each = "one for each repository, as they are listed" if found["each"] else "one for all"
    print(f"  webhooks: {counted or 'none yet'} ({each})")
    print(f"  {'deliveries arrive' if found['delivered'] else 'nothing was delivered yet'}")
    for one in found.get("hooks", []):
        if one["reason"] or one["orphans"]:
            left = f"; leads here, and is not known: {plain(', '.join(one['orphans']))}" if one["orphans"] else ""
            print(f"  {one['state']:8} {one['level']} {plain(one['path'])}: {plain(one['reason'])}{left}")
