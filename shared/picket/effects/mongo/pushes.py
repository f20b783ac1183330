"""Which pushes of a ref were told, in the order in which they came, and which scan each of them led to.

One document a ref, changed by compare-and-set: two hooks tell of the same push, at the same time as like as not.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NotRequired, TypedDict

from pymongo.errors import DuplicateKeyError

from picket.effects.mongo import retention
from picket.effects.mongo.client import collection, key
from picket.effects.mongo.documents import Stored
from picket.effects.mongo.schema import STAMP, readable


class Told(TypedDict):
    """Who told of a push: a webhook's id, and the id of the event that its delivery became."""

    webhook: str
    cause: str


class Push(TypedDict):
    """A push of a ref, its scan, and who told of it."""

    before: str
    after: str
    scan: str
    told: list[Told]


class PushesOfRef(Stored):
    """The last pushes of a ref, oldest first; `revision` counts the changes."""

    repository: NotRequired[str]
    pushes: list[Push]
    revision: int


def of_ref(repository: str, ref: str) -> PushesOfRef:
    """Return what is known of a ref's pushes; an empty document where nothing is."""
    name = key("pushes", repository, ref)
    found = readable(collection("pushes", PushesOfRef).find_one({"_id": name}))
    return found or {"_id": name, "repository": repository, "pushes": [], "revision": 0}


def keep(known: PushesOfRef, pushes: Sequence[Push]) -> bool:
    """Put *pushes* in the place of those of a document as it was read; False if somebody else has changed it since."""
    fields = {"pushes": list(pushes), "revision": known["revision"] + 1, **retention.entry()}
    if not known["revision"]:
        try:
            fresh = {"_id": known["_id"], "repository": known.get("repository", ""), **fields, **STAMP}
            collection("pushes").insert_one(fresh)
        except DuplicateKeyError:
            return False
        return True
    which = {"_id": known["_id"], "revision": known["revision"]}
    return collection("pushes").update_one(which, {"$set": fields}).matched_count == 1


def delete_some(repository: str, limit: int) -> bool:
    """Delete what is known of up to *limit* refs of a repository; return whether there was anything."""
    ids = [one["_id"] for one in collection("pushes").find({"repository": repository}, {"_id": 1}).limit(limit)]
    if ids:
        collection("pushes").delete_many({"_id": {"$in": ids}})
    return bool(ids)
