"""Scores and their history."""

from __future__ import annotations

from pymongo.errors import DuplicateKeyError

from picket.effects.mongo.client import Document, collection, key
from picket.errors import Busy


def get(entity: str) -> Document | None:
    """Return the score of a repository or team."""
    return collection("scores").find_one({"_id": entity})


def change_of(entity: str, cause: str) -> Document | None:
    """Return what the event *cause* already changed about the score of *entity*."""
    return collection("score_history").find_one({"_id": key(entity, cause)})


def keep_change(entity: str, change: Document) -> None:
    """Add a change to the history; adding it again changes nothing."""
    moved = {"moved": entity} if change["score"] != change["previous"] else {}
    collection("score_history").update_one(
        {"_id": key(entity, change["cause"])}, {"$setOnInsert": {"entity": entity, **moved, **change}}, upsert=True
    )


def replace(entity: str, former: Document | None, score: Document, change: Document) -> None:
    """Put *score* in place of *former*, with the change that led to it.

    The change stands in the score itself until it is in the history: a crash in between loses nothing.

    Raises:
        Busy: Somebody else replaced it since *former* was read.
    """
    fields = {**score, "last_change": change}
    if former is None:
        try:
            collection("scores").insert_one({"_id": entity, "revision": 1, **fields})
        except DuplicateKeyError:
            raise Busy(f"the score of {entity} is being computed elsewhere") from None
        return
    result = collection("scores").update_one(
        {"_id": entity, "revision": former["revision"]}, {"$set": {**fields, "revision": former["revision"] + 1}}
    )
    if result.matched_count == 0:
        raise Busy(f"the score of {entity} is being computed elsewhere")


def history(entity: str, limit: int) -> list[Document]:
    """Return the newest changes that moved a score, newest first."""
    return list(collection("score_history").find({"moved": entity}).sort("at", -1).limit(limit))
