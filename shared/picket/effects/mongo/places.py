"""Places at forges: so many scans fetch from a forge at a time.

A place is a document that names the scan that has it, taken by a compare-and-set: two scans never get the same one.
It is free again once its scan fetches no longer or its worker has died, so nothing has to be given back.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from pymongo.errors import DuplicateKeyError

from picket.effects.mongo import leases
from picket.effects.mongo.client import Document, collection
from picket.effects.mongo.documents import Scan


@dataclass(frozen=True, slots=True)
class Place:
    """A place that is free: its id, and the document as it was seen; None if it was never taken."""

    identity: str
    seen: Document | None


def free(forge: str, scan: Scan, numbers: Sequence[int], total: int, fetching: Collection[str]) -> list[Place]:
    """Return the free places among *numbers* at a forge, in their order.

    Args:
        forge: Whose places.
        scan: The scan that wants one; what it has itself counts as free.
        numbers: The places that it may take, of those from 0 on.
        total: How many places there are.
        fetching: Ids of the other scans that fetch there. Those of a former version name no place, and count as well.
    """
    ids = [_id(forge, number) for number in range(total)]
    known = {str(one["_id"]): one for one in collection("places").find({"_id": {"$in": ids}})}
    others = {name: one for name, one in known.items() if one["scan"] != scan["_id"]}
    busy = {*fetching, *_on_their_way(one for one in others.values() if one["scan"] not in fetching)}
    taken = {name for name, one in others.items() if one["scan"] in busy}
    nameless = set(fetching) - {one["scan"] for one in known.values()}
    if len(taken) + len(nameless) >= total:
        return []
    wanted = [_id(forge, number) for number in numbers]
    return [Place(name, known.get(name)) for name in wanted if name not in taken]


def take(places: Sequence[Place], scan: Scan) -> bool:
    """Take the first of *places* that is still free; False if others were faster at all of them."""
    return any(_took(place, {"scan": scan["_id"], "revision": scan["revision"]}) for place in places)


def _on_their_way(taken: Iterable[Document]) -> set[str]:
    """Return the scans that have taken a place and not moved since: their workers are about to say that they fetch."""
    revisions = {one["scan"]: one["revision"] for one in taken}
    found = collection("scans", Scan).find({"_id": {"$in": sorted(revisions)}}) if revisions else ()
    return {one["_id"] for one in found if one["revision"] == revisions[one["_id"]] and leases.runs(one)}


def _took(place: Place, fields: Document) -> bool:
    if place.seen is not None:
        return collection("places").update_one(place.seen, {"$set": fields}).matched_count == 1
    try:
        collection("places").insert_one({"_id": place.identity, **fields})
    except DuplicateKeyError:
        return False
    return True


def _id(forge: str, number: int) -> str:
    return f"{forge}|{number}"
