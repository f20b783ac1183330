"""Repositories and their names.

A repository's id is the first canonical name it was seen under and never changes, so that a rename or transfer keeps
its findings; `names` leads from every name it has had to it.
"""

from __future__ import annotations

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from picket.effects.mongo import schedules
from picket.effects.mongo.client import Document, collection
from picket.effects.mongo.schema import STAMP, readable
from picket.events import now


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


def register(name: str, url: str, *, forge_key: str = "", at_once: bool = False, **fields: object) -> str:
    """Record a repository as a forge tells of it.

    Args:
        name: Canonical `host/owner/name`.
        url: Where to fetch it from.
        forge_key: `host:numeric id` where the forge gave one; tells a renamed repository from a new one of an old name.
        at_once: If nobody has heard of it, look at it as soon as the clock ticks.
        fields: What else is known: visibility, archived, …

    Returns:
        The repository's id.
    """
    repository = _by_forge_key(forge_key) or _by_name(name, forge_key)
    known = {"name": name, "url": url, **fields, **({"forge_key": forge_key} if forge_key else {})}
    fresh = {"created_at": now(), "criticality": 1.0, **schedules.first(at_once=at_once), **STAMP}
    collection("repositories").update_one({"_id": repository}, {"$set": known, "$setOnInsert": fresh}, upsert=True)
    collection("names").update_one({"_id": name}, {"$set": {"repository": repository}}, upsert=True)
    return repository


def ensure(name: str, url: str, *, at_once: bool = False) -> tuple[str, str]:
    """Return id and URL of the repository that somebody names; record it if nobody has heard of it.

    What is known already stays: a person may use a name that the forge has changed since.
    """
    known = find(name)
    return (known["_id"], known["url"]) if known else (register(name, url, at_once=at_once), url)


def link(name: str, former: str) -> None:
    """Let the new *name* of a repository lead to where its *former* name does, unless it leads somewhere already."""
    repository = resolve(former)
    if repository is not None:
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


def teams(after: str, limit: int) -> list[str]:
    """Return up to *limit* teams that own repositories, those after *after*, by leaps from one to the next."""
    found: list[str] = []
    while len(found) < limit:
        which = {"team": {"$gt": found[-1] if found else after}}
        first = collection("repositories").find_one(which, {"team": 1}, sort=[("team", 1)])
        if first is None:
            break
        found.append(str(first["team"]))
    return found


def of_team(team: str) -> list[Document]:
    """Return the repositories of a team."""
    return list(collection("repositories").find({"team": team}).sort("_id", 1))
