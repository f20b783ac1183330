"""Which detection rules are in force, while functions of several revisions, each with its own rules, run side by side.

Rules are ordered by when they were first seen. In force are the newest of those that something planned scans for
lately; after a roll-back the older ones are in force again once nothing plans for the newer ones any more.
"""

from __future__ import annotations

from datetime import timedelta

from picket.effects.mongo.client import collection
from picket.events import ago, now

_LATELY = timedelta(minutes=30)
"""Several ticks of the clock: whatever runs has planned something, or was asked to, since."""


def see(digest: str, *, plans: bool) -> None:
    """Note that rules are in use, and whether scans are planned for them."""
    more = {"$set": {"planned_at": now()}} if plans else {}
    collection("rulesets").update_one({"_id": digest}, {"$setOnInsert": {"first_seen": now()}, **more}, upsert=True)


def in_force(own: str) -> str:
    """Return the digest of the rules in force; *own* where nothing is known of any."""
    planned = [one for one in collection("rulesets").find({}) if one.get("planned_at", "") > ago(_LATELY)]
    return str(max(planned, key=lambda one: str(one["first_seen"]))["_id"]) if planned else own


def is_newer(digest: str, other: str) -> bool:
    """Return whether rules were first seen later than others."""
    seen = {
        one["_id"]: str(one["first_seen"]) for one in collection("rulesets").find({"_id": {"$in": [digest, other]}})
    }
    return seen.get(digest, "") > seen.get(other, "")
