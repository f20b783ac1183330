"""Which detection rules and which policy are in force, while functions of several revisions run side by side.

Each is known by its digest, and ordered by when it was first seen. In force is the newest of those that something was
done with lately; after a roll-back the older one is in force again once nothing uses the newer one any more.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from picket.effects.mongo.client import collection
from picket.events import ago, now

What = Literal["rulesets", "policies"]
_LATELY = timedelta(minutes=30)
"""Several ticks of the clock: whatever runs has used its own since."""


def see(what: What, digest: str, *, used: bool) -> None:
    """Note that rules or a policy are known to a running function, and whether it decides by them."""
    more = {"$set": {"planned_at": now()}} if used else {}
    collection(what).update_one({"_id": digest}, {"$setOnInsert": {"first_seen": now()}, **more}, upsert=True)


def digest(what: What, own: str) -> str:
    """Return the digest of what is in force; *own* where nothing is known of any."""
    used = [one for one in collection(what).find({}) if one.get("planned_at", "") > ago(_LATELY)]
    return str(max(used, key=lambda one: str(one["first_seen"]))["_id"]) if used else own


def is_newer(what: What, one: str, other: str) -> bool:
    """Return whether *one* was first seen later than *other*."""
    seen = {each["_id"]: str(each["first_seen"]) for each in collection(what).find({"_id": {"$in": [one, other]}})}
    return seen.get(one, "") > seen.get(other, "")


def spend(what: What, name: str, minute: str, most: int) -> bool:
    """Count a piece of work against this minute's budget; return False if it is spent.

    Args:
        what: Of which kind.
        name: Digest of what the work is for.
        minute: The minute.
        most: How many pieces a minute has.
    """
    known = collection(what).find_one({"_id": name}) or {}
    if known.get("minute") != minute:
        collection(what).update_one({"_id": name}, {"$set": {"minute": minute, "pieces": 0}})
    counted = {"_id": name, "minute": minute, "pieces": {"$lt": most}}
    return collection(what).update_one(counted, {"$inc": {"pieces": 1}}).matched_count == 1
