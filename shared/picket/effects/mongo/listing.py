"""Lists in the order of ids, page by page, by a field that repeats the id.

The one-machine store evaluates a range of `_id` in Python, for the whole collection, and answers no other request
meanwhile; a range of any other field is read from its index. Documents of a former version lack the field: until they
have it, pages are read by `_id`, in the same order and with the same cursors.
"""

from __future__ import annotations

from pymongo import UpdateOne

from picket.effects.mongo import costs
from picket.effects.mongo.client import D, Document, collection
from picket.findings import lists
from picket.findings.life import named

FIELD = "list_key"
COLLECTIONS = ("connections", "organizations", "repositories", "findings")
"""Collections that are listed by id."""
_FIELDS = {"findings": (FIELD, "listed")}
"""Fields that tell, where they are missing, of a document of a former version."""


def entry(identity: str) -> Document:
    """Return the fields of a new document by which it is listed."""
    return {FIELD: identity}


def following(name: str, of: type[D], after: str, limit: int, which: Document | None = None) -> list[D]:
    """Return documents of a collection in the order of their ids.

    Args:
        name: One of `COLLECTIONS`.
        of: The type of its documents.
        after: Only documents whose id follows this one.
        limit: At most so many.
        which: Only documents that match this.
    """
    field = "_id" if has_unlisted(name) else FIELD
    position: Document = {field: {"$gt": after}} if after or field == FIELD else {}
    return list(collection(name, of).find({**(which or {}), **position}).sort(field, 1).limit(limit))


def has_unlisted(name: str) -> bool:
    """Return whether a collection has documents that lack the field."""
    return any(
        collection(name).find_one({field: None}, {"_id": 1}) is not None for field in _FIELDS.get(name, (FIELD,))
    )


def enter_some(name: str, limit: int) -> bool:
    """Give the fields to up to *limit* documents of a collection that lack them; False if there are no more."""
    found: list[Document] = []
    for field in _FIELDS.get(name, (FIELD,)):
        found += collection(name).find({field: None}).limit(limit - len(found)) if len(found) < limit else ()
    writes = [UpdateOne({"_id": one["_id"]}, {"$set": _fields(name, one)}) for one in found]
    if writes:
        collection(name).bulk_write(writes, ordered=False)
    return len(found) == limit


def _fields(name: str, document: Document) -> Document:
    """Return the fields of a document by which it is listed; a finding's state in today's spelling."""
    if name != "findings":
        return entry(document["_id"])
    state = named(document["state"])
    weight = costs.weight_key(document["scored_in"], document["cost"], document["_id"]) if "cost" in document else ""
    return {**entry(document["_id"]), **lists.keys({**document, "state": state}), "state": state, "weighs": weight}
