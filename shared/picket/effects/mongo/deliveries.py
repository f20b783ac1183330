"""Which deliveries of webhooks were taken."""

from __future__ import annotations

import time

from pymongo.errors import DuplicateKeyError

from picket.context import context
from picket.effects.mongo import retention
from picket.effects.mongo.client import collection
from picket.effects.mongo.schema import STAMP
from picket.events import now

_NOTED_SECONDS = 60.0


def record(delivery: str, source: str, event: str) -> bool:
    """Note a delivery; False if it was noted before."""
    try:
        collection("deliveries").insert_one(
            {"_id": delivery, "source": source, "event": event, "at": now(), **retention.entry(), **STAMP}
        )
    except DuplicateKeyError:
        return False
    return True


def is_known(delivery: str) -> bool:
    """Return whether a delivery was taken."""
    return collection("deliveries").find_one({"_id": delivery}, {"_id": 1}) is not None


def delivered(webhook_id: str) -> None:
    """Record the first verified delivery since a webhook's URL or secret was set.

    A process writes it at most once a minute.
    """
    _note_delivered(webhook_id, int(time.monotonic() / _NOTED_SECONDS))


@context.last(1_000)
def _note_delivered(webhook_id: str, _period: int) -> None:
    which = {"source": webhook_id, "delivered_at": None}
    collection("sources").update_one(which, {"$set": {"delivered_at": now()}})
