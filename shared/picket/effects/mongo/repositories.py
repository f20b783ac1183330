"""Repositories and their names.

A repository's id is the first canonical name it was seen under and never changes, so that a rename or transfer keeps
its findings; `names` leads from every name it has had to it.
"""

from __future__ import annotations

from datetime import timedelta

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from picket.effects.mongo import schedules
from picket.effects.mongo.client import Document, collection
from picket.effects.mongo.schema import STAMP, readable
from picket.errors import Busy
from picket.events import ago, now

_AHEAD = timedelta(days=1)
_TRIES = 5
_BY_FORGE_ID = "id "
"""What the entry in `names` of a forge's own id begins with."""


def resolve(name: str) -> str | None:
    """Return the id of the repository with canonical *name*, now or formerly; None if there is none."""
    document = collection("names").find_one({"_id": name})
    return str(document["repository"]) if document else None


def find(name: str, forge_key: str = "") -> Document | None:
    """Return the repository that *forge_key* or, without one, *name* leads to; None if there is none yet."""
    if forge_key:
        known = collection("repositories").find_one({"forge_key": forge_key})
        if known is not None:
            return readable(known)
    holder = resolve(name)
    return get(holder) if holder else None


def identify(name: str, forge_key: str = "") -> str:
    """Return the id of the repository that a forge calls *name*; the same for one forge id, however often it is asked.

    Args:
        name: Canonical `host/owner/name`.
        forge_key: `host:numeric id` where the forge gave one; tells a renamed repository from a new one of an old name.
    """
    if not forge_key:
        return _by_name(name, forge_key)
    known = _BY_FORGE_ID + forge_key
    held = resolve(known)
    if held is None:
        found = _by_forge_key(forge_key) or _by_name(name, forge_key)
        collection("names").update_one({"_id": known}, {"$setOnInsert": {"repository": found}}, upsert=True)
        held = resolve(known) or found
    return held


def register(  # noqa: PLR0913 - what a forge tells of a repository
    name: str,
    url: str,
    *,
    forge_key: str = "",
    at_once: bool = False,
    as_of: str = "",
    delivered_at: str = "",
    **fields: object,
) -> Document:
    """Record a repository as a forge tells of it, unless something later is known already.

    Args:
        name: Canonical `host/owner/name`.
        url: Where to fetch it from.
        forge_key: `host:numeric id` where the forge gave one.
        at_once: If nobody has heard of it, look at it as soon as the clock ticks.
        as_of: The time for which the forge tells this (RFC 3339 in UTC); empty: now, as far as is known.
        delivered_at: When a webhook told of it (RFC 3339 in UTC); kept even if what it told came too late.
        fields: What else is known: visibility, archived, …

    Returns:
        The repository as it is now; its `told_at` is *as_of* unless that was too late.

    Raises:
        Busy: Others kept changing it.
    """
    repository = identify(name, forge_key)
    if as_of > ago(-_AHEAD):
        as_of = ""  # a clock that is wrong by a day would keep everything out that comes after it
    told = {"name": name, "url": url, **fields, **({"forge_key": forge_key} if forge_key else {})}
    told |= {"told_at": as_of} if as_of else {}
    told |= {"delivered_at": delivered_at} if delivered_at else {}
    fresh = {"created_at": now(), "criticality": 1.0, **schedules.first(at_once=at_once), **STAMP}
    collection("names").update_one({"_id": name}, {"$setOnInsert": {"repository": repository}}, upsert=True)
    for _ in range(_TRIES):
        known = get(repository)
        if known is None:
            collection("repositories").update_one({"_id": repository}, {"$setOnInsert": fresh | told}, upsert=True)
            continue
        former = known.get("told_at", "")
        if as_of and as_of < former:
            return (update(repository, delivered_at=delivered_at) if delivered_at else None) or known
        same = {"_id": repository, "told_at": former or {"$exists": False}}
        if collection("repositories").update_one(same, {"$set": told}).matched_count:
            collection("names").update_one({"_id": name}, {"$set": {"repository": repository}}, upsert=True)
            return known | told
    raise Busy(f"{repository} is being changed by others")


def ensure(name: str, url: str, *, at_once: bool = False) -> tuple[str, str]:
    """Return id and URL of the repository that somebody names; record it if nobody has heard of it.

    What is known already stays: a person may use a name that the forge has changed since.
    """
    known = find(name)
    known = known or register(name, url, at_once=at_once)
    return known["_id"], known["url"]


def link(name: str, repository: str) -> None:
    """Let the new *name* of a repository (its id) lead to it, unless it leads somewhere already."""
    collection("names").update_one({"_id": name}, {"$setOnInsert": {"repository": repository}}, upsert=True)


def _by_forge_key(forge_key: str) -> str | None:
    found = collection("repositories").find_one({"forge_key": forge_key}, {"_id": 1}) if forge_key else None
    return str(found["_id"]) if found else None


def _by_name(name: str, forge_key: str) -> str:
    """Find whose name it is; a name whose holder has another forge id was taken over by a new repository."""
    try:
        collection("names").insert_one({"_id": name, "repository": name})
    except DuplicateKeyError:
        holder = str((collection("names").find_one({"_id": name}) or {"repository": name})["repository"])
        known = get(holder) or {}
        if forge_key and known.get("forge_key") and known["forge_key"] != forge_key:
            return f"{name}~{forge_key.rpartition(':')[2]}"
        return holder
    return name


def get(repository: str) -> Document | None:
    """Return a repository by id."""
    return readable(collection("repositories").find_one({"_id": repository}))


def update(repository: str, **fields: object) -> Document | None:
    """Set fields of a repository, and what follows from them for when it is due; None if there is none."""
    if "history_ruleset" in fields:
        fields |= schedules.evidence(str(fields["history_ruleset"]), str(fields["history_scanned_at"]))
    document = collection("repositories").find_one_and_update(
        {"_id": repository}, {"$set": fields}, return_document=ReturnDocument.AFTER
    )
    if document is not None and not fields.keys().isdisjoint({"archived", "deleted", "scanned_at"}):
        schedules.resume(document)
    return document


def page(after: str, limit: int) -> list[Document]:
    """Return up to *limit* repositories whose id follows *after*."""
    return list(collection("repositories").find({"_id": {"$gt": after}}).sort("_id", 1).limit(limit))


def of_team(team: str) -> list[Document]:
    """Return the repositories of a team."""
    return list(collection("repositories").find({"team": team}).sort("_id", 1))
