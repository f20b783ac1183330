"""Idempotency keys of API requests, so that a key means one request only."""

from __future__ import annotations

from picket.effects.mongo import retention
from picket.effects.mongo.client import collection
from picket.errors import Unsupported
from picket.events import now


def check(name: str, request: str) -> None:
    """Note that key *name* (hashed) came with *request* (hashed).

    Raises:
        Unsupported: It came with another request before.
    """
    keys = collection("idempotency")
    keys.update_one(
        {"_id": name}, {"$setOnInsert": {"request": request, "at": now(), **retention.entry()}}, upsert=True
    )
    known = keys.find_one({"_id": name})
    if known is not None and known["request"] != request:
        raise Unsupported("this Idempotency-Key was used for another request")
