"""Moves of scans and batches from state to state: each a compare-and-set, kept in the document's history."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from pymongo import ReturnDocument

from picket.commits import lifecycle
from picket.effects.mongo.client import Document, collection
from picket.effects.mongo.documents import Moving
from picket.events import now

M = TypeVar("M", bound=Moving)


@dataclass(frozen=True, slots=True)
class Step:
    """A move as somebody makes it.

    `fields` are set and `unset` taken away with it; `fence` is the fencing token that must still be the newest, None
    where no lease is needed.
    """

    target: str
    actor: str
    reason: str = ""
    fields: Document = field(default_factory=dict)
    unset: tuple[str, ...] = ()
    fence: int | None = None


def first(state: str, actor: str, reason: str) -> Document:
    """Return the fields of a document that starts in *state*."""
    return {"state": state, "revision": 0, "history": [_entry(state, actor, reason)]}


def move(name: str, moves: Iterable[lifecycle.Move], document: M, step: Step) -> M | None:
    """Move a document of collection *name* if that is one of the legal *moves* and it was not moved since it was read.

    Returns:
        The document after the move; None if somebody else was faster, the fence is old, or the move is not legal.
    """
    if not lifecycle.legal(moves, document["state"], step.target):
        return None
    which: Document = {"_id": document["_id"], "revision": document["revision"]}
    if step.fence is not None:
        which["fence"] = step.fence
    change: Document = {
        "$set": {
            **step.fields,
            "state": step.target,
            "revision": document["revision"] + 1,
            "history": [*document["history"], _entry(step.target, step.actor, step.reason)],
        }
    }
    if gone := dict.fromkeys(step.unset, ""):
        change["$unset"] = gone
    return collection(name, type(document)).find_one_and_update(which, change, return_document=ReturnDocument.AFTER)


def _entry(state: str, actor: str, reason: str) -> Document:
    return {"state": state, "at": now(), "actor": actor, "reason": reason}
