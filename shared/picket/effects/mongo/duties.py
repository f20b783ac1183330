"""What is to be done once in a while, whichever of many instances gets to it first."""

from __future__ import annotations

from datetime import timedelta

from pymongo.errors import DuplicateKeyError

from picket.effects.mongo.client import collection
from picket.events import ago, now


def block(name: str, pause: timedelta) -> None:
    """Let nobody take the turn of a duty for *pause*, and as long again as turns are apart."""
    collection("duties").update_one({"_id": name}, {"$set": {"at": ago(-pause)}}, upsert=True)


def claim(name: str, every: timedelta) -> bool:
    """Take the turn of a duty; False if it was taken within *every*."""
    try:
        collection("duties").insert_one({"_id": name, "at": now()})
    except DuplicateKeyError:
        taken = collection("duties").update_one({"_id": name, "at": {"$lt": ago(every)}}, {"$set": {"at": now()}})
        return taken.modified_count == 1
    return True
