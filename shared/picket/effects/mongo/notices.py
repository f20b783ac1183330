"""Notices: each is sent once, as far as its channel's server says that it took it."""

from __future__ import annotations

from typing import cast

from picket.effects.mongo import retention
from picket.effects.mongo.client import Document, collection
from picket.effects.mongo.records import StoredNotice
from picket.effects.mongo.schema import STAMP
from picket.events import now


def begin(identity: str, channel: str, repository: str, reason: str) -> StoredNotice:
    """Record a notice unless it is recorded, and return it as it is: `state` is Waiting, Sent or Failed."""
    fresh: Document = {"channel": channel, "repository": repository, "reason": reason, "state": "Waiting", "at": now()}
    fresh |= {**retention.entry(), **STAMP}
    notices = collection("notices", StoredNotice)
    notices.update_one({"_id": identity}, {"$setOnInsert": fresh}, upsert=True)
    return notices.find_one({"_id": identity}) or cast("StoredNotice", {"_id": identity, **fresh})


def finish(identity: str, state: str, reason: str = "") -> None:
    """Note that a notice was sent, or cannot be."""
    collection("notices").update_one(
        {"_id": identity}, {"$set": {"state": state, "outcome": reason, "finished_at": now()}}
    )
