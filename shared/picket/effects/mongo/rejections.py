"""Events set aside: dead letters, which exhausted their retries, and rejections, which redelivery cannot help.

Both are kept whole, in two collections of one shape. `place` is function, time and id in one text, so that its index
gives a function's letters in their order; `open` is the same, there only until somebody replays or drops the letter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict
from typing import Literal, TypedDict, cast

from pymongo import ReturnDocument

from picket.effects.mongo import retention
from picket.effects.mongo.client import Document, collection, count, key
from picket.effects.mongo.records import Letter, Replay
from picket.effects.mongo.schema import STAMP
from picket.events import Envelope, now
from picket.settings import settings

COLLECTIONS = {"dead-letter": "dead_letters", "rejection": "rejections"}
"""Collection by the kind of letter."""

_PREFIXES = {"letter": "dead_letters", "rejection": "rejections"}
_END = "}"
"""Sorts after the bar that ends a function's name."""


def keep(envelope: Envelope, data: str, dataref: str, *, kind: str, reason: str) -> None:
    """Keep a rejected event; keeping it again counts it."""
    function = settings().service
    why = {"function": function, "kind": kind, "reason": reason}
    _keep("rejection", function, envelope, {**why, "data": data, "dataref": dataref})


def keep_dead_letter(trigger: str, envelope: Envelope, data: str, dataref: str, error: dict[str, str]) -> None:
    """Keep an event that exhausted the retries of *trigger*; keeping it again counts it."""
    _keep("letter", trigger, envelope, {"trigger": trigger, "error": error, "data": data, "dataref": dataref})


def page(after: str, limit: int, *, function: str = "", kind: str = "", closed: bool = False) -> list[Letter]:
    """Return letters without their data, by function and then oldest first.

    Args:
        after: Only letters whose `place` follows this one.
        limit: At most so many.
        function: Only of this function (or Trigger); empty: of all.
        kind: Only of this kind, a key of `COLLECTIONS`; empty: of both.
        closed: Also those that were replayed or dropped.
    """
    field = "place" if closed else "open"
    which = {field: {"$gt": max(after, _start(function)), "$lt": f"{function}{_END}" if function else "~"}}
    found = [
        letter
        for name in ([COLLECTIONS[kind]] if kind else COLLECTIONS.values())
        for letter in collection(name, Letter).find(which, {"data": 0}).sort(field, 1).limit(limit)
    ]
    return sorted(found, key=lambda letter: str(letter["place"]))[:limit]


def has_letters(function: str) -> bool:
    """Return whether there is a letter of a function or Trigger, open or not."""
    which = {"place": {"$gt": _start(function), "$lt": f"{function}{_END}"}}
    return (
        any(collection(name, Letter).find_one(which, {"_id": 1}) for name in COLLECTIONS.values())
        if function
        else False
    )


class Count(TypedDict):
    """Open letters of one function, and the time of the oldest."""

    dead_letters: int
    rejections: int
    oldest: str


def counts() -> dict[str, Count]:
    """Count open letters by function: `dead_letters`, `rejections` and the time of the `oldest` of both."""
    found: dict[str, Count] = {}
    names: tuple[Literal["dead_letters", "rejections"], ...] = ("dead_letters", "rejections")
    for name in names:
        for function, oldest in _functions(name):
            which = {"open": {"$gt": _start(function), "$lt": f"{function}{_END}"}}
            entry = found.setdefault(function, {"dead_letters": 0, "rejections": 0, "oldest": oldest})
            entry[name] = count(name, which)
            entry["oldest"] = min(entry["oldest"], oldest)
    return dict(sorted(found.items()))


def get(letter_id: str) -> Letter | None:
    """Return a letter with its data."""
    name = _PREFIXES.get(letter_id.partition("-")[0])
    return collection(name, Letter).find_one({"_id": letter_id}) if name else None


def former(letter: Letter) -> Letter | None:
    """Return the letter that *letter* is a failed replay of; None if it is not a replay."""
    prefix, function, event = letter["_id"].partition("-")[0], function_of(letter), letter["event"]
    found = get(_id(prefix, function, event["causation"])) if event["causation"] else None
    return found if found and found["event"]["type"] == event["type"] else None


def refers_to(dataref: str) -> bool:
    """Return whether the data of a letter is in the artifact store under *dataref*."""
    return any(collection(name, Letter).find_one({"dataref": dataref}, {"_id": 1}) for name in COLLECTIONS.values())


def function_of(letter: Letter) -> str:
    """Return the function that did not take the event; a Trigger is named like its function."""
    return str(letter.get("trigger") or letter["function"])


def begin_replay(letter: Letter, record: Replay) -> Letter | None:
    """Note a replay that is about to be sent, the letter being open until it is.

    Returns:
        The letter with it; None if somebody else noted one since *letter* was read.
    """
    count = letter["replay_count"]
    fields = {"replays": [*letter.get("replays", ()), record], "replay_count": count + 1, "open": letter["place"]}
    return collection(_name(letter), Letter).find_one_and_update(
        {"_id": letter["_id"], "replay_count": count}, {"$set": fields}, return_document=ReturnDocument.AFTER
    )


def end_replay(letter: Letter, number: int) -> Letter:
    """Note that the broker has replay *number*."""
    return _close(letter, {"state": "replayed", "sent": number})


def drop(letter: Letter, by: str) -> Letter:
    """Take a letter from the list; it is kept for the record."""
    if letter["state"] == "dropped" and "open" not in letter:
        return letter
    return _close(letter, {"state": "dropped", "dropped_at": now(), "dropped_by": by})


def _close(letter: Letter, fields: Document) -> Letter:
    closed = collection(_name(letter), Letter).find_one_and_update(
        {"_id": letter["_id"]}, {"$set": fields, "$unset": {"open": ""}}, return_document=ReturnDocument.AFTER
    )
    return closed or cast("Letter", {**letter, **fields})


def _keep(prefix: str, function: str, envelope: Envelope, fields: Document) -> None:
    letter, at = _id(prefix, function, envelope.id), now()
    place = f"{re.sub(r'[^a-z0-9.-]', '-', function.lower())}|{at}|{letter}"
    fresh = {"at": at, "place": place, "open": place, "state": "open", "replay_count": 0, "sent": 0}
    fresh |= {**retention.entry(), **STAMP}
    collection(_PREFIXES[prefix]).update_one(
        {"_id": letter},
        {
            "$setOnInsert": {**fresh, **fields, "event": asdict(envelope)},
            "$set": {"last_at": at},
            "$inc": {"times": 1},
        },
        upsert=True,
    )


def _functions(name: str) -> Iterator[tuple[str, str]]:
    """Give the functions with open letters, and the time of the oldest, by leaps from one to the next."""
    at = ""
    while first := collection(name, Letter).find_one({"open": {"$gt": at}}, {"open": 1}, sort=[("open", 1)]):
        function, oldest, _ = first["open"].split("|")
        yield function, oldest
        at = f"{function}{_END}"


def _start(function: str) -> str:
    return f"{function}|" if function else ""


def _id(prefix: str, function: str, event: str) -> str:
    return f"{prefix}-{key(function, event)[:24]}"


def _name(letter: Letter) -> str:
    return _PREFIXES[letter["_id"].partition("-")[0]]
