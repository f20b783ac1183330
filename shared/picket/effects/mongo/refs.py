"""When the refs of each repository are compared next with what is known of it.

`refs_due` begins with a word (see `schedules`), `refs_known` is a digest of refs all of which are scanned, `refs_moved`
that of refs that were not when they were last looked at, `refs_moved_at` since when there have been such.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

from pymongo import UpdateOne

from picket.effects.mongo.client import collection
from picket.effects.mongo.documents import Repository
from picket.effects.mongo.schedules import MARK, text_of


def due(limit: int) -> list[Repository]:
    """Return up to *limit* repositories whose refs are due for comparison, the longest due first."""
    before = {"refs_due": {"$lt": _in(timedelta())}}
    return list(collection("repositories", Repository).find(before).sort("refs_due", 1).limit(limit))


def enter_some(limit: int, spread: timedelta) -> bool:
    """Schedule the first comparison of up to *limit* repositories within *spread*; return whether there may be more."""
    found = list(collection("repositories", Repository).find({"refs_due": None}).limit(limit))
    writes = [
        UpdateOne({"_id": one["_id"], "refs_due": None}, {"$set": {"refs_due": _in(_part(one["_id"], spread))}})
        for one in found
    ]
    if writes:
        collection("repositories").bulk_write(writes, ordered=False)
    return len(found) == limit


def claim(repository: Repository, span: timedelta) -> bool:
    """Claim the comparison of a repository, due again after *span*; False if another worker has claimed it."""
    which = {"_id": repository["_id"], "refs_due": repository["refs_due"]}
    change = {"$set": {"refs_due": _in(span)}}
    return bool(collection("repositories").update_one(which, change).modified_count)


def note(repository: str, span: timedelta, **fields: str) -> None:
    """Keep what came of a comparison; the next one is after *span*."""
    collection("repositories").update_one({"_id": repository}, {"$set": {**fields, "refs_due": _in(span)}})


def _part(identity: str, spread: timedelta) -> timedelta:
    return spread * (int(hashlib.sha256(identity.encode()).hexdigest()[:8], 16) / 0xFFFFFFFF)


def _in(span: timedelta) -> str:
    return MARK + text_of(datetime.now(UTC) + span)
