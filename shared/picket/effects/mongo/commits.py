"""Which commits are scanned, for which ruleset digest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from picket.effects.mongo.client import collection, insert_new, key
from picket.effects.mongo.documents import Batch

_CHUNK = 1_000


def unscanned(repository: str, ruleset: str, shas: Sequence[str]) -> list[str]:
    """Return those of *shas* not scanned yet for *ruleset*, in their order."""
    ids = {_id(repository, ruleset, sha): sha for sha in shas}
    names = list(ids)
    known: set[str] = set()
    for start in range(0, len(names), _CHUNK):
        found = collection("commits").find({"_id": {"$in": names[start : start + _CHUNK]}}, {"_id": 1})
        known.update(ids[document["_id"]] for document in found)
    return [sha for sha in shas if sha not in known]


def mark_scanned(repository: str, ruleset: str, shas: Iterable[str]) -> None:
    """Note that *shas* are scanned for *ruleset*."""
    documents = [{"_id": _id(repository, ruleset, sha)} for sha in shas]
    for start in range(0, len(documents), _CHUNK):
        insert_new("commits", documents[start : start + _CHUNK])


def covered_tips(repository: str, ruleset: str) -> list[str]:
    """Return commits all of whose ancestors are scanned for *ruleset*; empty before the first full scan."""
    document = collection("coverage").find_one({"_id": key(repository, ruleset)})
    return list(document["tips"]) if document else []


def set_covered_tips(repository: str, ruleset: str, tips: Sequence[str], scan: str) -> None:
    """Note that everything reachable from *tips* is scanned for *ruleset*."""
    collection("coverage").update_one(
        {"_id": key(repository, ruleset)},
        {"$set": {"repository": repository, "tips": list(tips), "scan": scan}},
        upsert=True,
    )


def unmark(batches: Iterable[Batch]) -> None:
    """Forget that the commits of *batches* are scanned."""
    for batch in batches:
        digests = {batch["scanned_for"], *batch.get("counts_for", ())}
        names = [_id(batch["repository"], digest, sha) for digest in digests for sha in batch["commits"]]
        for start in range(0, len(names), _CHUNK):
            collection("commits").delete_many({"_id": {"$in": names[start : start + _CHUNK]}})


def forget_coverage(repository: str) -> None:
    """Forget what is covered of a repository, for every ruleset."""
    collection("coverage").delete_many({"repository": repository})


def _id(repository: str, ruleset: str, sha: str) -> str:
    return f"{sha}:{key(repository, ruleset)[:24]}"
