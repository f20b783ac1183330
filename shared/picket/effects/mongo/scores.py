"""Scores and their history."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from pymongo.errors import DuplicateKeyError

from picket.effects.mongo import retention
from picket.effects.mongo.client import collection, key
from picket.effects.mongo.schema import STAMP, VERSION, known, readable
from picket.errors import Busy
from picket.findings.stored import Cost
from picket.scoring.stored import Change, Evaluated, Score, StoredChange


def get(entity: str) -> Score | None:
    """Return the score of a repository or team."""
    return readable(collection("scores", Score).find_one({"_id": entity}))


def get_many(entities: Iterable[str]) -> dict[str, Score]:
    """Return the scores of repositories or teams, by their ids; those that have none are left out."""
    found = collection("scores", Score).find({"_id": {"$in": list(entities)}})
    return {str(score["_id"]): known(score) for score in found}


def change_of(entity: str, cause: str) -> StoredChange | None:
    """Return what the event *cause* already changed about the score of *entity*."""
    return collection("score_history", StoredChange).find_one({"_id": key(entity, cause)})


def keep_change(entity: str, change: Change) -> None:
    """Add a change to the history; adding it again changes nothing."""
    moved = {"moved": entity} if change["score"] != change["previous"] else {}
    fresh = {"entity": entity, **moved, **change, **retention.entry(), **STAMP}
    collection("score_history").update_one({"_id": key(entity, change["cause"])}, {"$setOnInsert": fresh}, upsert=True)


def replace(entity: str, former: Score | None, score: Evaluated, costs: Mapping[str, Cost], change: Change) -> Score:
    """Put *score* in place of *former*, with the change that led to it, and what findings cost now.

    The change stands in the score itself until it is in the history: a crash in between loses nothing.

    Returns:
        The score as it is now.

    Raises:
        Busy: Somebody else replaced it since *former* was read.
    """
    revision = former["revision"] + 1 if former else 1
    document: Score = {
        "_id": entity,
        **score,
        "costs": dict(costs),
        "last_change": change,
        "revision": revision,
        "schema": VERSION,
    }
    if former is None:
        try:
            collection("scores").insert_one({**document})
        except DuplicateKeyError:
            raise Busy(f"the score of {entity} is being computed elsewhere") from None
    else:
        which = {"_id": entity, "revision": former["revision"]}
        fields = {name: value for name, value in document.items() if name != "_id"}
        if collection("scores").update_one(which, {"$set": fields}).matched_count == 0:
            raise Busy(f"the score of {entity} is being computed elsewhere")
    return document


def forget_costs(score: Score) -> None:
    """Take from a score, unless there is a newer one, the costs that are in the findings by now."""
    which = {"_id": score["_id"], "revision": score["revision"]}
    collection("scores").update_one(which, {"$set": {"costs": {}}})


def history(entity: str, limit: int) -> list[StoredChange]:
    """Return the newest changes that moved a score, newest first."""
    return list(collection("score_history", StoredChange).find({"moved": entity}).sort("at", -1).limit(limit))


def exact_of(entities: Sequence[str]) -> dict[str, float | None]:
    """Return the exact scores of those of *entities* that have a score document."""
    found = collection("scores", Score).find({"_id": {"$in": list(entities)}}, {"exact": 1})
    return {one["_id"]: one["exact"] for one in found}


def delete(entity: str) -> None:
    """Delete a score and its history."""
    collection("score_history").delete_many({"entity": entity})
    collection("scores").delete_one({"_id": entity})
