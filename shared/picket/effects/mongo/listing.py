"""Lists in the order of ids, page by page, by a field that repeats the id.

The one-machine store evaluates a range of `_id` in Python, for the whole collection, and meanwhile answers nobody else;
a range of an ordinary field is one of its index. What a former version recorded lacks the field: until it has it, pages
are read by `_id`, in the same order and with the same cursors.
"""

from __future__ import annotations

from pymongo import UpdateOne

from picket.effects.mongo.client import Document, collection

FIELD = "list_key"
COLLECTIONS = ("organizations", "repositories", "findings")
"""Collections that are listed by id."""


def entry(identity: str) -> Document:
    """Return the fields of a new document by which it is listed."""
    return {FIELD: identity}


def following(name: str, after: str, limit: int, which: Document | None = None) -> list[Document]:
    """Return documents of a collection in the order of their ids.

    Args:
        name: One of `COLLECTIONS`.
        after: Only documents whose id follows this one.
        limit: At most so many.
        which: Only documents that match this.
    """
    field = "_id" if has_unlisted(name) else FIELD
    position: Document = {field: {"$gt": after}} if after or field == FIELD else {}
    return list(collection(name).find({**(which or {}), **position}).sort(field, 1).limit(limit))


def has_unlisted(name: str) -> bool:
    """Return whether a collection has documents that lack the field."""
    return collection(name).find_one({FIELD: None}, {"_id": 1}) is not None


def enter_some(name: str, limit: int) -> bool:
    """Give the field to up to *limit* documents of a collection that lack it; False if there are no more."""
    found = list(collection(name).find({FIELD: None}, {"_id": 1}).limit(limit))
    writes = [UpdateOne({"_id": one["_id"]}, {"$set": {FIELD: one["_id"]}}) for one in found]
    if writes:
        collection(name).bulk_write(writes, ordered=False)
    return len(found) == limit
