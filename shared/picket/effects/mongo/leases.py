"""Leases with fencing tokens: one worker at a time on work that can take long.

The broker redelivers after the ack wait while the first attempt may still run, so a worker takes a lease, keeps it
alive while it works, and finishes with a compare-and-set on the fencing token that the lease gave it. A worker whose
lease ran out, or whose work was cancelled, learns so from `Lease.check`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Generic, TypeVar

from pymongo import ReturnDocument
from pymongo.errors import PyMongoError

from picket.commits.lifecycle import MAX_TAKEOVERS
from picket.effects.mongo.client import Document, collection
from picket.effects.mongo.documents import Leased
from picket.effects.mongo.schema import is_known
from picket.effects.telemetry import count
from picket.errors import Busy, Exhausted
from picket.settings import settings

UNLEASED = {"lease_until": 0.0, "fence": 0, "takeovers": 0}
"""Fields of a document without a lease; `lease_until` is Unix time, `takeovers` how many holders died."""

_IMPOSSIBLE = 3
"""A lease that runs for so many times its length was given by a clock that has jumped since."""

T = TypeVar("T")
L = TypeVar("L", bound=Leased)


@dataclass(frozen=True, slots=True)
class Lease(Generic[L]):
    """The right to work on a document: `fence` is larger than that of every earlier holder."""

    document: L
    fence: int
    lost: threading.Event = field(default_factory=threading.Event)

    def check(self) -> None:
        """Go on only while the lease is ours.

        Raises:
            Busy: Somebody else took the work over, or it was cancelled.
        """
        if self.lost.is_set():
            raise Busy(f"{self.document['_id']} was taken over or cancelled")

    def while_held(self, items: Iterable[T]) -> Iterator[T]:
        """Give *items* for as long as the lease is ours."""
        for item in items:
            self.check()
            yield item


@contextmanager
def held(name: str, of: type[L], document_id: str) -> Iterator[Lease[L]]:
    """Hold the lease on a document of collection *name*, renewing it in the background.

    Raises:
        Busy: Somebody else holds it, or it is not there.
        Exhausted: So many workers died holding it that one more would, too.
    """
    lease = take(name, of, document_id)
    done = threading.Event()
    beat = threading.Thread(target=_renew, args=(name, lease, done), daemon=True)
    beat.start()
    try:
        yield lease
    finally:
        done.set()
        beat.join()
        _release(name, lease)


def runs(document: Leased) -> bool:
    """Return whether a worker holds the lease on *document*."""
    until, at = document["lease_until"], time.time()
    return bool(at < until < at + _IMPOSSIBLE * settings().lease_seconds)


def expired(name: str, of: type[L], limit: int) -> list[L]:
    """Return documents of collection *name* whose holders died, without what is long in them; those that we know."""
    found = collection(name, of).find({"lease_until": {"$gt": 0.0}}, {"commits": 0})
    return list(islice((document for document in found if not runs(document) and is_known(document)), limit))


def put_off(name: str, document: Leased) -> None:
    """Let the lease of a document that could not be put back end later, so that others are not behind it."""
    until = time.time() + settings().lease_seconds
    collection(name).update_one({"_id": document["_id"], "fence": document["fence"]}, {"$set": {"lease_until": until}})


def end(name: str, document: Leased) -> bool:
    """Take the lease from a holder that died, as counted by `takeovers`; False if somebody else has it by now."""
    taken = collection(name).find_one_and_update(
        {"_id": document["_id"], "fence": document["fence"], "lease_until": document["lease_until"]},
        {"$set": {"lease_until": 0.0}, "$inc": {"fence": 1, "takeovers": 1}},
    )
    if taken is not None:
        count("picket_leases_expired_total", collection=name)
    return taken is not None


def revoke(name: str, document_id: str) -> None:
    """Take the lease from its holder, who notices at their next heartbeat at the latest."""
    collection(name).update_one({"_id": document_id}, {"$set": {"lease_until": 0.0}, "$inc": {"fence": 1}})


def take(name: str, of: type[L], document_id: str) -> Lease[L]:
    """Take a lease that is free or that a dead worker left, and do not renew it.

    One try for each case, as the one-machine store has no $or.

    Raises:
        Busy: Another worker holds it, or it is not there.
        Exhausted: So many workers died holding it that one more would, too.
    """
    at, seconds = time.time(), settings().lease_seconds
    free: Document = {"lease_until": 0.0}
    left: Document = {"lease_until": {"$gt": 0.0, "$lt": at}}
    jumped: Document = {"lease_until": {"$gt": at + _IMPOSSIBLE * seconds}}
    for which, died in ((free, 0), (left, 1), (jumped, 1)):
        document = collection(name, of).find_one_and_update(
            {"_id": document_id, **which},
            {"$set": {"lease_until": at + seconds}, "$inc": {"fence": 1, "takeovers": died}},
            return_document=ReturnDocument.AFTER,
        )
        if document is not None:
            if died:
                count("picket_takeovers_total", collection=name)
            return _unless_exhausted(name, Lease(document, int(document["fence"])))
    raise Busy(f"another worker holds {name} {document_id}")


def _unless_exhausted(name: str, lease: Lease[L]) -> Lease[L]:
    if lease.document["takeovers"] < MAX_TAKEOVERS:
        return lease
    _release(name, lease)
    raise Exhausted(f"{MAX_TAKEOVERS} workers died over {name} {lease.document['_id']}")


def _release(name: str, lease: Lease[Any]) -> None:
    collection(name).update_one({"_id": lease.document["_id"], "fence": lease.fence}, {"$set": {"lease_until": 0.0}})


def _renew(name: str, lease: Lease[Any], done: threading.Event) -> None:
    seconds = settings().lease_seconds
    while not done.wait(seconds / 3):
        try:
            found = collection(name).update_one(
                {"_id": lease.document["_id"], "fence": lease.fence},
                {"$set": {"lease_until": time.time() + seconds}},
            )
        except PyMongoError:
            continue  # the store may be back before the lease ends; if not, the fencing token decides
        if found.matched_count == 0:
            lease.lost.set()
            return
