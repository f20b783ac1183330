"""Leases with fencing tokens: one worker at a time on work that can take long.

The broker redelivers after the ack wait while the first attempt may still run, so a worker takes a lease, keeps it
alive while it works, and finishes with a compare-and-set on the fencing token that the lease gave it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from pymongo import ReturnDocument
from pymongo.errors import PyMongoError

from picket.effects.mongo.client import Document, collection
from picket.errors import Busy
from picket.settings import settings

UNLEASED = {"lease_until": 0.0, "fence": 0}
"""Fields of a document that nobody holds; `lease_until` is Unix time."""


@contextmanager
def held(name: str, document_id: str) -> Iterator[int]:
    """Hold the lease on a document of collection *name*, renewing it in the background.

    Yields:
        The fencing token: larger than that of every earlier holder.

    Raises:
        Busy: Somebody else holds it, or it is not there.
    """
    seconds = settings().lease_seconds
    # No $or here, hence `UNLEASED` in every new document: the one-machine store forgets _id beside an $or.
    document = collection(name).find_one_and_update(
        {"_id": document_id, "lease_until": {"$lt": time.time()}},
        {"$set": {"lease_until": time.time() + seconds}, "$inc": {"fence": 1}},
        return_document=ReturnDocument.AFTER,
    )
    if document is None:
        raise Busy(f"another worker holds {name} {document_id}")
    fence = int(document["fence"])
    done = threading.Event()
    beat = threading.Thread(target=_renew, args=(name, document_id, fence, seconds, done), daemon=True)
    beat.start()
    try:
        yield fence
    finally:
        done.set()
        beat.join()
        collection(name).update_one({"_id": document_id, "fence": fence}, {"$set": {"lease_until": 0.0}})


def refuse_if_held(document: Document | None) -> None:
    """Leave work that somebody is at to them.

    Raises:
        Busy: The lease on *document* runs.
    """
    if document is not None and document["lease_until"] > time.time():
        raise Busy(f"another worker is still at {document['_id']}")


def _renew(name: str, document_id: str, fence: int, seconds: float, done: threading.Event) -> None:
    while not done.wait(seconds / 3):
        try:
            found = collection(name).update_one(
                {"_id": document_id, "fence": fence}, {"$set": {"lease_until": time.time() + seconds}}
            )
        except PyMongoError:
            continue  # the store may be back before the lease ends; if not, the fencing token decides
        if found.matched_count == 0:
            return
