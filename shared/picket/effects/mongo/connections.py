"""What is connected with its forge, and the places there that have a webhook of ours.

A connection is an organization or a repository; its places are itself or, where there is no webhook for all of it, its
repositories. Fields `due` begin with a word: see `schedules`.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import NotRequired

from picket.context import context
from picket.effects.mongo import listing
from picket.effects.mongo.client import Document, collection, count_by_state, insert_new, key
from picket.effects.mongo.documents import Fields, Leased
from picket.effects.mongo.leases import UNLEASED
from picket.effects.mongo.schedules import MARK, text_of
from picket.effects.mongo.schema import STAMP, readable
from picket.errors import Busy
from picket.events import ago, now
from picket.forges import FORGES
from picket.forges.hooks import Level, Place

LEFT = "Left"
"""State of a place whose forge refuses to remove our webhook."""
_REMEMBERED_SECONDS = 60.0


class Connection(Leased):
    """What is connected; `remarks` say why fewer webhooks, such as one for the whole organization, were not possible.

    `due` is set while something is left to do, `each` while every repository has a webhook of its own. No requests are
    sent to the forge before `paused_until`.
    """

    forge: str
    host: str
    name: str
    token_ref: str
    alerts: bool
    state: str
    reason: str
    remarks: list[str]
    each: bool
    created_at: str
    changed_at: str
    list_key: str
    due: NotRequired[str]
    paused_until: NotRequired[str]


class StoredHook(Leased):
    """A place at a forge, and our webhook there.

    `ids` are the forge's ids of it: one for each event where the forge wants it so. `secret` is the number of the
    secret that it has, `making` that of one that is being made, when those in `before` were there. `orphans` are ids of
    webhooks that lead here and are known no more; `again` are failed deliveries that the forge was asked to send again.
    """

    connection: str
    level: Level
    path: str
    ids: list[str]
    secret: int
    making: int
    state: str
    reason: str
    orphans: list[str]
    again: list[str]
    again_at: NotRequired[str]
    before: NotRequired[list[str]]
    checked_at: str
    due: NotRequired[str]


def put(identity: str, wanted: Fields) -> Connection:
    """Record a connection, or change one that exists; it is then set up again.

    Raises:
        Busy: Somebody deleted it a moment ago.
    """
    fresh: Document = {"created_at": now(), **UNLEASED, **STAMP, **listing.entry(identity)}
    moving: Document = {"state": "Connecting", "reason": "", "remarks": [], "changed_at": now(), "takeovers": 0}
    moving |= {"due": _later(timedelta())}
    fresh.pop("takeovers")
    change = {"$set": {**wanted, **moving}, "$setOnInsert": {**fresh, "each": False}}
    collection("connections").update_one({"_id": identity}, change, upsert=True)
    found = find(identity)
    if found is None:
        raise Busy(f"{identity} is being changed by others")
    return found


def find(identity: str) -> Connection | None:
    """Return a connection."""
    return readable(collection("connections", Connection).find_one({"_id": identity}))


def page(after: str, limit: int) -> list[Connection]:
    """Return up to *limit* connections whose id follows *after*."""
    return listing.following("connections", Connection, after, limit)


def settle(identity: str, state: str, reason: str = "", **fields: object) -> None:
    """Set the final state of a connection. One that is being disconnected keeps that state."""
    told = {"state": state, "reason": reason, "changed_at": now(), "takeovers": 0, **fields}
    which: Document = {"_id": identity}
    if state != "Orphaned":
        which["state"] = {"$ne": "Disconnecting"}
    collection("connections").update_one(which, {"$set": told, "$unset": {"due": ""}})


def put_off(connection: Connection, span: timedelta, reason: str, state: str = "Waiting") -> None:
    """Retry a connection after *span*."""
    told = {"state": state, "reason": reason, "due": _later(span), "takeovers": 0}
    which: Document = {"_id": connection["_id"]}
    if state != "Disconnecting":
        which["state"] = {"$ne": "Disconnecting"}
    collection("connections").update_one(which, {"$set": told})


def reset_takeovers(identity: str) -> None:
    """Reset the count of workers that died over a connection, so that it can be worked on again."""
    collection("connections").update_one({"_id": identity}, {"$set": {"takeovers": 0}})


def resume_later(identity: str, span: timedelta) -> None:
    """Resume work on a connection after *span*, whatever its state."""
    collection("connections").update_one({"_id": identity, "due": {"$gt": ""}}, {"$set": {"due": _later(span)}})


def due(limit: int) -> list[Connection]:
    """Return up to *limit* connections that are due for a retry."""
    return list(
        collection("connections", Connection).find({"due": {"$lt": _later(timedelta())}}).sort("due", 1).limit(limit)
    )


def pause(identity: str, span: timedelta) -> None:
    """Send no requests to a connection's forge for *span*."""
    collection("connections").update_one({"_id": identity}, {"$set": {"paused_until": ago(-span)}})


def pause_left(identity: str) -> timedelta:
    """Return how long no requests may be sent to a connection's forge; zero if they may."""
    found = find(identity)
    until = found.get("paused_until", "") if found else ""
    return datetime.fromisoformat(until) - datetime.now(UTC) if until > now() else timedelta()


def delete(identity: str) -> None:
    """Delete a connection and its places, unless it was connected again meanwhile."""
    which = {"_id": identity, "state": {"$in": ["Disconnecting", "Orphaned"]}}
    if collection("connections").delete_one(which).deleted_count:
        collection("hooks").delete_many({"connection": identity})


def place_id(connection: str, place: Place) -> str:
    """Return the id of a place."""
    return key(connection, place.level, place.path.lower())


def add_places(connection: str, places: Iterable[Place]) -> None:
    """Record places that are to have a webhook; those that are known stay as they are."""
    fresh: Document = {"connection": connection, "ids": [], "secret": 0, "making": 0, "state": "New"}
    fresh |= {"reason": "", "orphans": [], "again": [], "checked_at": "", "due": _later(timedelta())}
    by_id = {place_id(connection, each): {"level": each.level, "path": each.path} for each in places}
    insert_new("hooks", [{"_id": _id, **where, **fresh, **UNLEASED, **STAMP} for _id, where in by_id.items()])


def hook(identity: str) -> StoredHook | None:
    """Return a place."""
    return readable(collection("hooks", StoredHook).find_one({"_id": identity}))


def hooks(connection: str, limit: int) -> list[StoredHook]:
    """Return up to *limit* places of a connection."""
    return list(collection("hooks", StoredHook).find({"connection": connection}).limit(limit))


def to_remove(connection: str, limit: int) -> list[StoredHook]:
    """Return up to *limit* places of a connection whose webhooks are still to be removed."""
    which = {"connection": connection, "state": {"$ne": LEFT}}
    return list(collection("hooks", StoredHook).find(which).limit(limit))


def failing(connection: str, limit: int) -> list[StoredHook]:
    """Return up to *limit* places of a connection whose webhook is not as it should be."""
    which = {"connection": connection, "state": {"$in": ["Failed", "Waiting", LEFT]}}
    return list(collection("hooks", StoredHook).find(which).limit(limit))


def by_state(connection: str) -> dict[str, int]:
    """Count the places of a connection by state."""
    return count_by_state("hooks", {"connection": connection})


def due_hooks(limit: int) -> list[StoredHook]:
    """Return up to *limit* places that are due for a check, the longest due first."""
    return list(collection("hooks", StoredHook).find({"due": {"$lt": _later(timedelta())}}).sort("due", 1).limit(limit))


def reset(connection: str) -> None:
    """Reset all places of a connection to New, and make them due."""
    collection("hooks").update_many({"connection": connection}, {"$set": {"state": "New", "due": _later(timedelta())}})


def ask_for_all(connection: str) -> None:
    """Make all places of a connection due."""
    collection("hooks").update_many({"connection": connection}, {"$set": {"due": _later(timedelta())}})


def faults() -> list[str]:
    """Return a line for each connection and place that is not working."""
    states = {"state": {"$nin": ["Connected", "Connecting"]}}
    told = [
        f"{one['_id']}: {one['state']}: {one['reason']}" for one in collection("connections", Connection).find(states)
    ]
    broken = collection("hooks", StoredHook).find({"state": {"$in": ["Failed", LEFT]}})
    return [*told, *(f"{one['connection']}: {one['path']}: {one['reason']}" for one in broken)]


def fault_of(name: str) -> str:
    """Return why pushes to the repository *name* may go unannounced, if its connection is failing; else empty.

    Cached for a minute, since each rating of a repository asks.
    """
    return _fault_of(name, int(time.monotonic() / _REMEMBERED_SECONDS))


@context.last(10_000)
def _fault_of(name: str, _period: int) -> str:
    parts = name.split("/")
    for end in range(len(parts), 1, -1):
        connection = find("/".join(parts[:end]))
        if connection is None:
            continue
        if connection["state"] in {"Failed", "Orphaned"}:
            return f"its webhook cannot be made: {connection['reason']}"
        managing, path = FORGES[connection["forge"]].hooks, "/".join(parts[1:])
        own = managing.place_of("https", parts[0], path)
        places = [own] if connection["each"] else managing.places("https", parts[0], connection["name"])
        kept = [hook(place_id(connection["_id"], place)) for place in places]
        broken = next((one for one in kept if one is not None and one["state"] == "Failed"), None)
        return f"its webhook cannot be kept: {broken['reason']}" if broken else ""
    return ""


def note(identity: str, **fields: object) -> None:
    """Set fields of a place."""
    collection("hooks").update_one({"_id": identity}, {"$set": fields})


def look_again(identity: str, span: timedelta) -> None:
    """Check a place again after *span*."""
    note(identity, due=_later(span))


def leave(identity: str, reason: str) -> None:
    """Record that the forge refuses to remove our webhook at a place; the clock does not try again."""
    change = {"$set": {"state": LEFT, "reason": reason}, "$unset": {"due": ""}}
    collection("hooks").update_one({"_id": identity}, change)


def drop(identity: str) -> None:
    """Forget a place."""
    collection("hooks").delete_one({"_id": identity})


def _later(span: timedelta) -> str:
    return MARK + text_of(datetime.now(UTC) + span)
