"""Organizations whose repositories are registered by their forge's own list, and how far each listing has come.

`resume` is when a listing that has not ended is continued, unless a worker does so before; `due` is when the
next one begins. Both begin with a word: see `schedules`. A repository's `listed_in` names the listing that saw it last.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import cast

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from picket.effects.mongo import listing, schedules
from picket.effects.mongo.client import Document, collection, key
from picket.effects.mongo.documents import Fields, Organization, OrganizationPage, Repository
from picket.effects.mongo.leases import UNLEASED
from picket.effects.mongo.schedules import MARK, text_of
from picket.effects.mongo.schema import STAMP, readable
from picket.errors import Busy
from picket.events import now

FINAL = frozenset({"Done", "Failed"})
_TRIES = 5
_PUT_OFF = timedelta(hours=1)
_COUNTS = ("listed", "kept", "refused", "vanished")


def find(organization_id: str) -> Organization | None:
    """Return an organization, or None."""
    return readable(collection("organizations", Organization).find_one({"_id": organization_id}))


def page(after: str, limit: int) -> list[Organization]:
    """Return up to *limit* organizations whose id follows *after*."""
    return listing.following("organizations", Organization, after, limit)


def register(organization_id: str, wanted: Fields, patience: timedelta) -> Organization:
    """Record an organization, or what is wanted of one that is known, and begin a listing; one under way is given up.

    Args:
        organization_id: Id of the organization.
        wanted: What to list.
        patience: After how long somebody goes on with it if it stands still.

    Raises:
        Busy: Others kept beginning new listings.
    """
    for _ in range(_TRIES):
        former = find(organization_id)
        if former is not None:
            begun = begin(former, patience, wanted)
            if begun is not None:
                return begun
            continue
        first: Document = {"_id": organization_id, "created_at": now(), "listed_at": None, **UNLEASED, **STAMP}
        first |= {**listing.entry(organization_id), **wanted, **_fresh(1, patience)}
        try:
            collection("organizations").insert_one(first)
        except DuplicateKeyError:
            continue
        return cast("Organization", first)
    raise Busy(f"{organization_id} is being changed by others")


def begin(organization: Organization, patience: timedelta, wanted: Fields | None = None) -> Organization | None:
    """Begin a listing of an organization that is as it was when read; None if another was begun since."""
    change = {"$set": {**(wanted or {}), **_fresh(organization["sync"] + 1, patience)}, "$unset": {"due": ""}}
    return _update({"_id": organization["_id"], "sync": organization["sync"]}, change)


def advance(organization: Organization, fields: Fields, patience: timedelta) -> Organization | None:
    """Set *fields* of a listing that is where it was when read, and has not ended; None if it has moved.

    Args:
        organization: As last read.
        fields: What to set: `page` and `cursor` move it on.
        patience: After how long somebody goes on with it if it stands still.
    """
    return _update(_at(organization), {"$set": {**fields, "resume": _later(patience)}})


def take_turn(organization: Organization, patience: timedelta) -> Organization | None:
    """Take it on oneself to go on with a listing that stands still; None if somebody else did."""
    which = {"_id": organization["_id"], "resume": organization["resume"]}
    return _update(which, {"$set": {"resume": _later(patience)}})


def put_off(organization: Organization) -> None:
    """Let an organization that could not be gone on with wait another while, so that others are not behind it."""
    for field in ("resume", "due"):
        if field in organization:
            which = {"_id": organization["_id"], field: organization[field]}
            collection("organizations").update_one(which, {"$set": {field: _later(_PUT_OFF)}})


def end(organization: Organization, fields: Fields, due: datetime) -> Organization | None:
    """End a listing; the next one begins at *due*. None if it has moved."""
    last = {**fields, "due": MARK + text_of(due)}
    return _update(_at(organization), {"$set": last, "$unset": {"resume": "", "cursor": ""}})


def to_resume(limit: int) -> list[Organization]:
    """Return listings that stand still, or whose pause is over."""
    return list(
        collection("organizations", Organization).find({"resume": {"$lt": MARK + now()}}).sort("resume", 1).limit(limit)
    )


def due(limit: int) -> list[Organization]:
    """Return organizations that are to be listed again."""
    return list(
        collection("organizations", Organization).find({"due": {"$lt": MARK + now()}}).sort("due", 1).limit(limit)
    )


def remove(organization_id: str) -> bool:
    """Forget an organization; its repositories stay. False if it does not exist."""
    collection("organization_pages").delete_many({"organization": organization_id})
    return collection("organizations").delete_one({"_id": organization_id}).deleted_count == 1


def known_page(organization: Organization) -> OrganizationPage | None:
    """Return what was kept of the page that a listing is at, from the last time it was read."""
    return collection("organization_pages", OrganizationPage).find_one({"_id": _page_id(organization)})


def keep_page(organization: Organization, page: OrganizationPage) -> None:
    """Keep what the next listing needs to know of the page that this one is at."""
    collection("organization_pages").update_one(
        {"_id": _page_id(organization)},
        {"$set": {**page, "_id": _page_id(organization), "organization": organization["_id"]}},
        upsert=True,
    )


def see(organization: Organization, repositories: list[str]) -> None:
    """Note that a listing has seen *repositories* (ids); those that had vanished are looked at again."""
    fields = {"organization": organization["_id"], "listed_in": _mark(organization), "vanished_at": None}
    back = list(collection("repositories", Repository).find({"_id": {"$in": repositories}, "vanished_at": {"$gt": ""}}))
    collection("repositories").update_many({"_id": {"$in": repositories}}, {"$set": fields})
    for repository in back:
        schedules.resume({**repository, "vanished_at": None})


def repositories_of(organization: Organization, limit: int) -> list[Repository]:
    """Return up to *limit* repositories that a listing has seen and that have not vanished."""
    seen = {"listed_in": {"$gt": f"in {organization['_id']}|", "$lt": f"in {organization['_id']}}}"}}
    return list(collection("repositories", Repository).find(seen).limit(limit))


def mark_vanished(organization: Organization) -> int:
    """Mark the repositories that earlier listings saw and this one, which is at its end, did not; how many."""
    before = {"listed_in": {"$gt": f"in {organization['_id']}|", "$lt": _mark(organization)}}
    change = {"$set": {"vanished_at": now()}, "$unset": {"listed_in": ""}}
    return collection("repositories").update_many(before, change).modified_count


def _fresh(sync: int, patience: timedelta) -> Document:
    """Return the fields of a listing that begins."""
    return {
        **dict.fromkeys(_COUNTS, 0),
        "state": "Requested",
        "reason": "",
        "requested_at": now(),
        "resume": _later(patience),
        "sync": sync,
        "page": 0,
        "cursor": "",
        "failures": 0,
        "takeovers": 0,
    }


def _at(organization: Organization) -> Document:
    return {"_id": organization["_id"], **{name: organization[name] for name in ("sync", "page", "state", "failures")}}


def _update(which: Document, change: Document) -> Organization | None:
    return collection("organizations", Organization).find_one_and_update(
        which, change, return_document=ReturnDocument.AFTER
    )


def _mark(organization: Organization) -> str:
    return f"in {organization['_id']}|{organization['sync']:08}"


def _page_id(organization: Organization) -> str:
    return key(organization["_id"], str(organization["page"]))


def _later(patience: timedelta) -> str:
    return MARK + text_of(datetime.now(UTC) + patience)
