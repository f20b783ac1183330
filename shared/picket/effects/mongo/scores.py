"""Scores and their history."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pymongo.errors import DuplicateKeyError

from picket.effects.mongo import retention
from picket.effects.mongo.client import Document, collection, key
from picket.effects.mongo.schema import STAMP, known, readable
from picket.errors import Busy


def get(entity: str) -> Document | None:
    """Return the score of a repository or team."""
    return readable(collection("scores").find_one({"_id": entity}))


def get_many(entities: Iterable[str]) -> dict[str, Document]:
    """Return the scores of repositories or teams, by their ids; those that have none are left out."""
    found = collection("scores").find({"_id": {"$in": list(entities)}})
    return {str(score["_id"]): known(score) for score in found}


def change_of(entity: str, cause: str) -> Document | None:
    """Return what the event *cause* already changed about the score of *entity*."""
    return collection("score_history").find_one({"_id": key(entity, cause)})


def keep_change(entity: str, change: Document) -> None:
    """Add a change to the history; adding it again changes nothing."""
    moved = {"moved": entity} if change["score"] != change["previous"] else {}
    fresh = {"entity": entity, **moved, **change, **retention.entry(), **STAMP}
    collection("score_history").update_one({"_id": key(entity, change["cause"])}, {"$setOnInsert": fresh}, upsert=True)


def replace(entity: str, former: Document | None, score: Document, change: Document) -> Document:
    """Put *score* in place of *former*, with the change that led to it.

    The change stands in the score itself until it is in the history: a crash in between loses nothing.

    Returns:
        The score as it is now.

    Raises:
        Busy: Somebody else replaced it since *former* was read.
    """
    fields = {**score, "last_change": change, "revision": former["revision"] + 1 if former else 1, **STAMP}
    if former is None:
        try:
            collection("scores").insert_one({"_id": entity, **fields})
        except DuplicateKeyError:
            raise Busy(f"the score of {entity} is being computed elsewhere") from None
    else:
        which = {"_id": entity, "revision": former["revision"]}
        if collection("scores").update_one(which, {"$set": fields}).matched_count == 0:
            raise Busy(f"the score of {entity} is being computed elsewhere")
    return {"_id": entity, **fields}


def forget_costs(score: Document) -> None:
    """Take from a score, unless there is a newer one, the costs that are in the findings by now."""
    which = {"_id": score["_id"], "revision": score["revision"]}
    collection("scores").update_one(which, {"$set": {"costs": {}}})


def history(entity: str, limit: int) -> list[Document]:
    """Return the newest changes that moved a score, newest first."""
    return list(collection("score_history").find({"moved": entity}).sort("at", -1).limit(limit))


def exact_of(entities: Sequence[str]) -> dict[str, float | None]:
    """Return the exact scores of those of *entities* that have a score document."""
    found = collection("scores").find({"_id": {"$in": list(entities)}}, {"exact": 1})
    return {one["_id"]: one["exact"] for one in found}


def delete(entity: str) -> None:
    """Delete a score and its history."""
    collection("score_history").delete_many({"entity": entity})
    collection("scores").delete_one({"_id": entity})
