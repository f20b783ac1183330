"""Which repositories of a connection get their own webhook."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import unquote, urlsplit

from picket.commits.repository import fold
from picket.effects.mongo import connections, repositories
from picket.effects.mongo.connections import Connection
from picket.effects.mongo.documents import Repository
from picket.forges import FORGES
from picket.forges.hooks import Level


def add_listed(organization: str, found: Iterable[str]) -> None:
    """Give repositories (ids) from a listing their own webhook, if their organization has none for all."""
    connection = connections.find(organization)
    if connection is not None and connection["each"] and connection["state"] == "Connected":
        add(connection, repositories.get_many(found))


def add(connection: Connection, found: Iterable[Repository]) -> None:
    """Give repositories their own webhook, except those that are archived or deleted."""
    managing, host = FORGES[connection["forge"]].hooks, connection["host"]
    wanted = [one for one in found if not (one.get("archived") or one.get("deleted"))]
    paths = [unquote(urlsplit(one["url"]).path).strip("/").removesuffix(".git") for one in wanted]
    connections.add_places(connection["_id"], [managing.place_of("https", host, path) for path in paths])


def is_there(connection: Connection, level: Level, path: str) -> bool:
    """Return whether the last listing still had a repository of that path; always true for a project."""
    if level != "repository":
        return True
    name = fold(f"{connection['host']}/{FORGES[connection['forge']].hooks.scope(path)}")
    known = repositories.find(name)
    return known is not None and known["name"] == name and not (known.get("vanished_at") or known.get("deleted"))
