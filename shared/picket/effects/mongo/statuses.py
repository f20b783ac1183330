"""What forges were told of commits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import NotRequired, TypedDict

from picket.effects.mongo import retention
from picket.effects.mongo.client import Document, collection, key
from picket.effects.mongo.documents import Leased
from picket.effects.mongo.leases import UNLEASED
from picket.effects.mongo.schedules import MARK
from picket.effects.mongo.schema import STAMP
from picket.events import ago, now

_LONGEST = timedelta(days=2)


class Told(TypedDict):
    """A status as it was sent."""

    state: str
    description: str
    url: str


class StoredStatus(Leased):
    """The status of a commit.

    `scan` is its newest scan, `findings` are what pushes up to it have brought. `told` is there while it is known what
    the forge shows: not while something is being sent. `reviewed` is a digest of what it shows at lines, `review` what
    was kept of that. `watched` leads to commits that a change of findings may concern: their repository, a bar, and
    when they were told of. `due` is there while the forge could not be told.
    """

    repository: str
    sha: str
    scan: str
    scanned_at: str
    findings: list[str]
    watched: str
    proposal: NotRequired[str]
    told: NotRequired[Told]
    reviewed: NotRequired[str]
    review: NotRequired[dict[str, str]]
    due: NotRequired[str]
    waits_since: NotRequired[str]


def begin(repository: str, sha: str, scan: str, scanned_at: str, *, proposal: str = "") -> str:
    """Note a scan of a commit, unless a newer one is noted; return the id of the commit's status.

    One that is the head of a pull request, whose ref is *proposal*, has another status as that.
    """
    identity = key(repository, sha, "proposed") if proposal else _id(repository, sha)
    fresh: Document = {"repository": repository, "sha": sha, "scan": scan, "scanned_at": scanned_at, "findings": []}
    fresh |= {"proposal": f"{repository}|{proposal}"} if proposal else {}
    fresh |= {"watched": "", **UNLEASED, **retention.entry(), **STAMP}
    collection("statuses").update_one({"_id": identity}, {"$setOnInsert": fresh}, upsert=True)
    known = get(identity)
    if known is not None and known["scan"] != scan and known["scanned_at"] < scanned_at:
        same = {"_id": identity, "scan": known["scan"]}
        collection("statuses").update_one(same, {"$set": {"scan": scan, "scanned_at": scanned_at}})
    return identity


def get(identity: str) -> StoredStatus | None:
    """Return a status."""
    return collection("statuses", StoredStatus).find_one({"_id": identity})


def of_commit(repository: str, sha: str) -> StoredStatus | None:
    """Return the status of a commit."""
    return get(_id(repository, sha))


def of_proposal(repository: str, ref: str, until: str) -> list[str]:
    """Return the ids of findings that heads of a pull request have brought that were scanned by *until* (RFC 3339)."""
    known = collection("statuses", StoredStatus).find({"proposal": f"{repository}|{ref}"})
    return sorted({name for one in known if one["scanned_at"] <= until for name in one["findings"]})


def sending(identity: str) -> None:
    """Note that what the forge shows is not known from now on."""
    collection("statuses").update_one({"_id": identity}, {"$unset": {"told": ""}})


def tell(status: StoredStatus, told: Told, found: Iterable[str]) -> None:
    """Keep what a forge was told, and the findings that it rests on."""
    names = sorted(found)
    watched = f"{status['repository']}|{now()}" if names else ""
    fields = {"told": told, "findings": names, "watched": watched, "takeovers": 0}
    collection("statuses").update_one({"_id": status["_id"]}, {"$set": fields})


def keep_review(identity: str, known: Mapping[str, str]) -> None:
    """Keep what is needed to change what a forge shows at lines."""
    collection("statuses").update_one({"_id": identity}, {"$set": {"review": dict(known)}})


def reviewed(identity: str, digest: str) -> None:
    """Note what a forge shows at lines."""
    collection("statuses").update_one({"_id": identity}, {"$set": {"reviewed": digest}})


def put_off(identity: str, span: timedelta) -> bool:
    """Retry a commit's status after *span*; False if it is given up after two days of retries."""
    known = get(identity)
    since = known.get("waits_since", "") if known else ""
    if since and since < ago(_LONGEST):
        end(identity)
        return False
    told = {"due": MARK + ago(-span), "waits_since": since or now()}
    collection("statuses").update_one({"_id": identity}, {"$set": told})
    return True


def due(limit: int) -> list[StoredStatus]:
    """Return up to *limit* commits whose status is due to be sent, the longest due first."""
    found = collection("statuses", StoredStatus).find({"due": {"$lt": MARK + now()}})
    return list(found.sort("due", 1).limit(limit))


def end(identity: str) -> None:
    """Record that no retry of a commit's status is due."""
    collection("statuses").update_one({"_id": identity}, {"$unset": {"due": "", "waits_since": ""}})


def give_up(status: StoredStatus) -> None:
    """Leave a commit alone whose status the forge refuses: changes of findings no longer concern it."""
    collection("statuses").update_one({"_id": status["_id"]}, {"$set": {"watched": ""}})


def watched(repository: str, limit: int) -> list[StoredStatus]:
    """Return up to *limit* commits of a repository that have brought findings, the last told of first."""
    which = {"watched": {"$gt": f"{repository}|", "$lt": f"{repository}}}"}}
    return list(collection("statuses", StoredStatus).find(which).sort("watched", -1).limit(limit))


def _id(repository: str, sha: str) -> str:
    return key(repository, sha)
