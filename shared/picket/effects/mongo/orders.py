"""The repositories of a scan of many, from its request until there is a child scan for each."""

from __future__ import annotations

from collections.abc import Sequence

from picket.effects.mongo.client import collection
from picket.effects.mongo.documents import Order, Wanted


def put(scan: str, repositories: Sequence[Wanted], *, pull_requests: bool) -> None:
    """Keep what a scan of many is to look at; putting it again changes nothing."""
    fields = {"repositories": [list(each) for each in repositories], "pull_requests": pull_requests, "made": 0}
    collection("orders").update_one({"_id": scan}, {"$setOnInsert": fields}, upsert=True)


def get(scan: str) -> Order | None:
    """Return `repositories`, `pull_requests`, and how many child scans are `made`; None once all are."""
    return collection("orders", Order).find_one({"_id": scan})


def advance(scan: str, made: int, further: int) -> None:
    """Note that child scans are made for *further* repositories, unless another did since *made* was read."""
    collection("orders").update_one({"_id": scan, "made": made}, {"$set": {"made": made + further}})


def forget(scan: str) -> None:
    """Delete what is not needed any more."""
    collection("orders").delete_one({"_id": scan})
