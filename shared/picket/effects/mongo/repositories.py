"""Repositories and their names.

A repository's id is the first canonical name it was seen under and never changes, so that a rename or transfer keeps
its findings; `names` leads from every name it has had to it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import cast

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from picket.effects.mongo import listing, schedules
from picket.effects.mongo.client import collection
from picket.effects.mongo.documents import Name, Repository
from picket.effects.mongo.schema import STAMP, readable
from picket.errors import Busy, Forgotten, Gone
from picket.events import ago, now
from picket.scoring.stored import Score

_AHEAD = timedelta(days=1)
_TRIES = 5
_BY_FORGE_ID = "id "
"""What the entry in `names` of a forge's own id begins with."""


def resolve(name: str) -> str | None:
    """Return the id of the repository with canonical *name*, now or formerly; None if it is unknown."""
    document = collection("names", Name).find_one({"_id": name})
    return str(document["repository"]) if document and not document.get("forgotten") else None


def find(name: str, forge_key: str = "") -> Repository | None:
    """Return the repository that *forge_key* or, without one, *name* leads to; None if it is not registered."""
    if forge_key:
        known = collection("repositories", Repository).find_one({"forge_key": forge_key})
        if known is not None:
            return readable(known)
    holder = resolve(name)
    return get(holder) if holder else None


def identify(name: str, forge_key: str = "", *, revive: bool = False) -> str:
    """Return the id of the repository that a forge calls *name*; the same for one forge id, however often it is asked.

    Args:
        name: Canonical `host/owner/name`.
        forge_key: `host:id` where the forge gave one; tells a renamed repository from a new one of an old name.
        revive: A person asks: what was forgotten begins anew, under another id.

    Raises:
        Forgotten: A person has forgotten it, and no person asks for it now.
    """
    if not forge_key:
        return _by_name(name, forge_key, revive=revive)
    known = _BY_FORGE_ID + forge_key
    entry = _entry(known)
    if entry is not None and entry.get("forgotten") and (other := resolve(name)):
        # A person has added it again, by its name; from now on its id leads there as well.
        change = {"repository": other, "forgotten": False}
        collection("names").update_one({"_id": known, "forgotten": True}, {"$set": change})
        return other
    if entry is not None:
        return _held(entry, revive=revive)
    found = _by_forge_key(forge_key) or _by_name(name, forge_key, revive=revive)
    collection("names").update_one({"_id": known}, {"$setOnInsert": {"repository": found}}, upsert=True)
    return _held(_entry(known) or {"_id": known, "repository": found}, revive=revive)


def register(  # noqa: PLR0913 - what a forge tells of a repository
    name: str,
    url: str,
    *,
    forge_key: str = "",
    at_once: bool = False,
    as_of: str = "",
    delivered_at: str = "",
    revive: bool = False,
    **fields: object,
) -> Repository:
    """Record a repository as a forge tells of it, unless something later is known already.

    Args:
        name: Canonical `host/owner/name`.
        url: Where to fetch it from.
        forge_key: `host:id` where the forge gave one.
        at_once: Scan a new repository at the next tick.
        as_of: The time for which the forge tells this (RFC 3339 in UTC); empty: now, as far as is known.
        delivered_at: When a webhook told of it (RFC 3339 in UTC); kept even if what it told came too late.
        revive: A person asks for it: if one has forgotten it, it begins anew.
        fields: What else is known: visibility, archived, …

    Returns:
        The repository as it is now; its `told_at` is *as_of* unless that was too late.

    Raises:
        Busy: Others kept changing it.
        Forgotten: A person has forgotten it.
    """
    repository = identify(name, forge_key, revive=revive)
    if as_of > ago(-_AHEAD):
        as_of = ""  # a clock that is wrong by a day would keep everything out that comes after it
    told = {"name": name, "url": url, **fields, **({"forge_key": forge_key} if forge_key else {})}
    told |= {"told_at": as_of} if as_of else {}
    told |= {"delivered_at": delivered_at} if delivered_at else {}
    fresh = {"created_at": now(), "criticality": 1.0, **schedules.first(at_once=at_once), **STAMP}
    fresh |= listing.entry(repository)
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
            held = {"repository": repository, "forgotten": False}
            collection("names").update_one({"_id": name}, {"$set": held}, upsert=True)
            return cast("Repository", {**known, **told})
    raise Busy(f"{repository} is being changed by others")


def ensure(name: str, url: str, *, at_once: bool = False) -> tuple[str, str]:
    """Return id and URL of the repository that is named; record it if it is new.

    What is known already stays: a person may use a name that the forge has changed since.
    """
    known = find(name)
    known = known or register(name, url, at_once=at_once, revive=True)
    return known["_id"], known["url"]


def link(name: str, repository: str) -> None:
    """Let the new *name* of a repository (its id) lead to it, unless it leads somewhere already."""
    collection("names").update_one({"_id": name}, {"$setOnInsert": {"repository": repository}}, upsert=True)


def _by_forge_key(forge_key: str) -> str | None:
    found = collection("repositories", Repository).find_one({"forge_key": forge_key}, {"_id": 1}) if forge_key else None
    return str(found["_id"]) if found else None


def _by_name(name: str, forge_key: str, *, revive: bool) -> str:
    """Find whose name it is; a name whose holder has another forge id was taken over by a new repository."""
    try:
        collection("names").insert_one({"_id": name, "repository": name})
    except DuplicateKeyError:
        holder = _held(_entry(name) or {"_id": name, "repository": name}, revive=revive)
        held_by = _forge_key_of(holder)
        if forge_key and held_by and held_by != forge_key:
            return f"{name}~{forge_key.rpartition(':')[2]}"
        return holder
    return name


def _forge_key_of(repository: str) -> str:
    known = get(repository)
    return known.get("forge_key", "") if known else ""


def _entry(name: str) -> Name | None:
    return collection("names", Name).find_one({"_id": name})


def _held(entry: Name, *, revive: bool) -> str:
    """Return the repository that an entry of `names` leads to; one that was forgotten begins anew where asked."""
    if not entry.get("forgotten"):
        return str(entry["repository"])
    if not revive:
        raise Forgotten("a person has forgotten this repository; a person can add it again")
    times = int(entry.get("times", 0)) + 1
    anew = f"{entry['_id'].removeprefix(_BY_FORGE_ID)}~again{times}"
    change = {"repository": anew, "forgotten": False, "times": times}
    collection("names").update_one({"_id": entry["_id"], "forgotten": True}, {"$set": change})
    return anew


def get(repository: str) -> Repository | None:
    """Return a repository by id."""
    return readable(collection("repositories", Repository).find_one({"_id": repository}))


def known(repository: str) -> Repository:
    """Return a repository that something is to be stored of.

    Raises:
        Forgotten: A person has forgotten it, and what is stored of it is being deleted.
        Gone: There is no such repository.
    """
    document = get(repository)
    if document is None:
        raise Gone(f"repository {repository[:200]} is not known")
    if "forgotten_at" in document:
        raise Forgotten("a person has forgotten this repository")
    return document


def update(repository: str, **fields: object) -> Repository | None:
    """Set fields of a repository, and what follows from them for when it is due; None if it does not exist."""
    if "history_ruleset" in fields:
        fields |= schedules.evidence(str(fields["history_ruleset"]), str(fields["history_scanned_at"]))
    document = collection("repositories", Repository).find_one_and_update(
        {"_id": repository}, {"$set": fields}, return_document=ReturnDocument.AFTER
    )
    if document is not None and not fields.keys().isdisjoint({"archived", "deleted", "scanned_at"}):
        schedules.resume(document)
    return document


def own(repository: str, team: str) -> Repository | None:
    """Let a team own a repository, none if it is empty; `teams` are all that have, and whose scores follow it.

    Raises:
        Busy: Others kept changing it.
    """
    for _ in range(_TRIES):
        before = get(repository)
        if before is None:
            return None
        same = {"_id": repository, "team": before.get("team", {"$exists": False})}
        teams = sorted({*before.get("teams", ()), before.get("team", ""), team} - {""})
        done = collection("repositories").update_one(same, {"$set": {"team": team, "teams": teams}})
        if done.matched_count:
            return {**before, "team": team, "teams": teams}
    raise Busy(f"{repository} is being changed by others")


def forget(repository: str, by: str) -> Repository | None:
    """Mark a repository and all of its names as forgotten; return it, or None if it is unknown."""
    if key := _forge_key_of(repository):  # an earlier version kept no entry of it
        entry = {"$setOnInsert": {"repository": repository}}
        collection("names").update_one({"_id": _BY_FORGE_ID + key}, entry, upsert=True)
    collection("names").update_many({"repository": repository}, {"$set": {"forgotten": True}})
    at = now()
    return update(repository, forgotten_at=at, forgotten_by=by, forgetting=schedules.MARK + at, deleted=True)


def is_forgotten(repository: str) -> bool:
    """Return whether a person has forgotten the repository with this id."""
    return bool(repository) and any(
        entry.get("forgotten") for entry in collection("names", Name).find({"repository": repository})
    )


def names_of(repository: str) -> list[str]:
    """Return every name that leads to the repository with this id."""
    found = (str(entry["_id"]) for entry in collection("names", Name).find({"repository": repository}))
    return [name for name in found if not name.startswith(_BY_FORGE_ID)]


def being_forgotten(span: timedelta, limit: int) -> list[Repository]:
    """Return repositories that were forgotten and of which nothing was deleted for *span*."""
    return list(
        collection("repositories", Repository).find({"forgetting": {"$lt": schedules.MARK + ago(span)}}).limit(limit)
    )


def touch_forgotten(repository: str) -> None:
    """Note that some of what is stored of a forgotten repository was deleted."""
    collection("repositories").update_one({"_id": repository}, {"$set": {"forgetting": schedules.MARK + now()}})


def delete(repository: str) -> None:
    """Delete a repository; its names stay, marked."""
    collection("repositories").delete_one({"_id": repository})


def get_many(ids: Iterable[str]) -> list[Repository]:
    """Return the repositories with these ids."""
    return list(collection("repositories", Repository).find({"_id": {"$in": list(ids)}}))


def show_score(repository: str, score: Score) -> None:
    """Keep with a repository what lists show of its score, unless that of a later revision is there."""
    shown = {"score": score["score"], "grade": score["grade"], "score_revision": score["revision"]}
    older = [{"score_revision": {"$lt": score["revision"]}}, {"score_revision": None}]
    collection("repositories").update_one({"_id": repository, "$or": older}, {"$set": shown})


def page(after: str, limit: int) -> list[Repository]:
    """Return up to *limit* repositories whose id follows *after*."""
    return listing.following("repositories", Repository, after, limit)
