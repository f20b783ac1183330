"""What forges were told of commits."""

from __future__ import annotations

from typing import NotRequired, TypedDict, cast

from picket.effects.mongo import retention
from picket.effects.mongo.client import Document, collection, key
from picket.effects.mongo.documents import Stored
from picket.effects.mongo.schema import STAMP
from picket.events import now


class Told(TypedDict):
    """A status as it was sent."""

    state: str
    description: str
    url: str


class StoredStatus(Stored):
    """The status of a commit; `scan` is the newest scan of it, `failing_in` its repository while it has failed."""

    repository: str
    sha: str
    scan: str
    scanned_at: str
    failing_in: str
    told: NotRequired[Told]
    told_at: NotRequired[str]


def begin(repository: str, sha: str, scan: str, scanned_at: str) -> StoredStatus | None:
    """Return the status of a commit as that of a scan; None if a newer scan has taken it over."""
    identity = key(repository, sha)
    fresh: Document = {"repository": repository, "sha": sha, "scan": scan, "scanned_at": scanned_at, "failing_in": ""}
    statuses = collection("statuses", StoredStatus)
    statuses.update_one({"_id": identity}, {"$setOnInsert": {**fresh, **retention.entry(), **STAMP}}, upsert=True)
    known = statuses.find_one({"_id": identity}) or cast("StoredStatus", {"_id": identity, **fresh})
    if known["scan"] != scan:
        if known["scanned_at"] >= scanned_at:
            return None
        statuses.update_one({"_id": identity}, {"$set": {"scan": scan, "scanned_at": scanned_at}})
    return known


def tell(status: StoredStatus, told: Told) -> None:
    """Keep what a forge was told."""
    failing = status["repository"] if told["state"] == "failure" else ""
    fields = {"told": told, "told_at": now(), "failing_in": failing}
    collection("statuses").update_one({"_id": status["_id"]}, {"$set": fields})


def failing(repository: str, limit: int) -> list[StoredStatus]:
    """Return up to *limit* commits of a repository whose status is failure."""
    return list(collection("statuses", StoredStatus).find({"failing_in": repository}).limit(limit))
