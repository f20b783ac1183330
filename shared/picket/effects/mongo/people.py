"""Names and addresses of people in what is stored, and pseudonyms in place of those who are to be forgotten.

Only a keyed hash of an address is kept, so that a later scan of the same history does not bring it back.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from typing import Any, TypeVar, cast

from pymongo import UpdateOne

from picket.context import context
from picket.effects.mongo.client import Document, collection, insert_new
from picket.events import now
from picket.findings import lists
from picket.findings.stored import StoredPlace
from picket.settings import settings

P = TypeVar("P", bound=StoredPlace)
_REMEMBERED_SECONDS = 60
_FIELDS: dict[str, tuple[str, ...]] = {"findings": ("assignee",), "approvals": ("asked_by", "decided_by")}
"""Fields that name one person as a whole."""
_PLACES: dict[str, str] = {"findings": "first.", "occurrences": ""}
"""Where the author of a commit stands in a document."""
_HISTORY = "history"
_WHO = ("by", "assignee")
"""A finding's list of what was done, and the fields of each entry that name people."""
COLLECTIONS = ("occurrences", "findings", "approvals")


def pseudonym(person: str) -> str:
    """Return what stands for a person, by address or name, once forgotten."""
    digest = hmac.new(settings().hmac_key, f"person|{person.strip().lower()}".encode(), hashlib.sha256)
    return f"forgotten-{digest.hexdigest()[:16]}"


def remember(person: str) -> str:
    """Note that a person is to be forgotten, in what is recorded a minute from now on; return the pseudonym."""
    name = pseudonym(person)
    insert_new("people", [{"_id": name, "at": now()}])
    return name


def veiled(place: P) -> P:
    """Return an occurrence with a pseudonym where its author was forgotten, in this process within a minute."""
    hidden = _forgotten(int(time.monotonic() / _REMEMBERED_SECONDS))
    if not hidden or "email" not in place:
        return place
    for known in (place["email"], place.get("author", "")):
        if known and (name := pseudonym(str(known))) in hidden:
            return cast("P", {**place, "author": name, "email": name})
    return place


def veil_some(name: str, person: str, limit: int) -> int:
    """Put the pseudonym in place of a person in up to *limit* documents of a collection; return how many had it."""
    spelled = [person.strip(), *({person.strip().lower()} - {person.strip()})]
    fields = [f"{_PLACES[name]}{part}" for part in ("email", "author") if name in _PLACES]
    fields += [*_FIELDS.get(name, ()), *(f"{_HISTORY}.{part}" for part in _WHO if name == "findings")]
    found: dict[str, Document] = {}
    for field in fields:
        for text in spelled:
            if len(found) < limit:
                found |= {one["_id"]: one for one in collection(name).find({field: text}).limit(limit - len(found))}
    writes = [UpdateOne({"_id": key}, {"$set": _changes(name, one, set(spelled))}) for key, one in found.items()]
    if writes:
        collection(name).bulk_write(writes, ordered=False)
    return len(writes)


def _changes(name: str, document: Document, spelled: set[str]) -> dict[str, Any]:
    """Return the fields of a document that name a person, with the pseudonym in its place."""
    instead = pseudonym(next(iter(spelled)))
    changed: dict[str, Any] = {field: instead for field in _FIELDS.get(name, ()) if document.get(field) in spelled}
    if name in _PLACES:
        prefix = _PLACES[name]
        place = document[prefix.rstrip(".")] if prefix else document
        if {place.get("email"), place.get("author")} & spelled:
            changed |= {f"{prefix}author": instead, f"{prefix}email": instead}
    if "assignee" in changed:
        changed |= lists.keys({**document, **changed})
    if any(entry.get(part) in spelled for entry in document.get(_HISTORY, ()) for part in _WHO):
        changed[_HISTORY] = [
            {part: instead if part in _WHO and text in spelled else text for part, text in entry.items()}
            for entry in document[_HISTORY]
        ]
    return changed


@context.last(1)
def _forgotten(_period: int) -> frozenset[str]:
    return frozenset(str(one["_id"]) for one in collection("people").find({}, {"_id": 1}))
