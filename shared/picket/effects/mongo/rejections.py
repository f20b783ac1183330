"""Events that redelivery cannot help, and dead letters: kept whole, with the reason."""

from __future__ import annotations

from dataclasses import asdict

from picket.effects.mongo.client import collection, key
from picket.events import Envelope, now
from picket.settings import settings


def keep(envelope: Envelope, data: str, dataref: str, *, kind: str, reason: str) -> None:
    """Keep a rejected event; keeping it again changes nothing."""
    function = settings().service
    collection("rejections").update_one(
        {"_id": key(envelope.id, function)},
        {
            "$setOnInsert": {
                "at": now(),
                "function": function,
                "kind": kind,
                "reason": reason,
                "event": asdict(envelope),
                "data": data,
                "dataref": dataref,
            }
        },
        upsert=True,
    )


def keep_dead_letter(trigger: str, envelope: Envelope, data: str, dataref: str, error: dict[str, str]) -> None:
    """Keep an event that exhausted the retries of *trigger*; keeping it again changes nothing."""
    collection("dead_letters").update_one(
        {"_id": key(trigger, envelope.id)},
        {
            "$setOnInsert": {
                "at": now(),
                "trigger": trigger,
                "error": error,
                "event": asdict(envelope),
                "data": data,
                "dataref": dataref,
            }
        },
        upsert=True,
    )
