"""What findings cost on the score of their repository, and which of them are to be rated anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pymongo import UpdateOne

from picket.effects.mongo.client import collection
from picket.findings.lists import END
from picket.findings.stored import Cost, Finding

_HEAVIEST = 10**14
"""Millionths of a point; no penalty comes near it."""
NEVER = "never"
"""The key of a finding that nothing has rated yet."""


def weight_key(repository: str, cost: Cost, finding: str) -> str:
    """Return the key by which what weighs on a score is listed, the heaviest first."""
    return f"{repository}|{_HEAVIEST - round(cost['penalty'] * 1_000_000):015}|{finding}"


def heaviest(repository: str, after: str, limit: int) -> list[Finding]:
    """Return up to *limit* findings that weigh on the score of a repository, the heaviest first.

    Args:
        repository: Its id.
        after: Only those whose `weighs` follows this; empty: from the first on.
        limit: At most so many.
    """
    between = {"$gt": after or f"{repository}|", "$lt": f"{repository}|{END}"}
    return list(collection("findings", Finding).find({"weighs": between}).sort("weighs", 1).limit(limit))


def scored_in(repository: str) -> list[Finding]:
    """Return the findings that weigh on the score of *repository*."""
    return list(collection("findings", Finding).find({"scored_in": repository}))


def rated_otherwise(repository: str, rating: str, limit: int) -> list[Finding]:
    """Return up to *limit* findings of a repository that were last rated under another key than *rating*, or never.

    Args:
        repository: Id of the repository that they weigh on.
        rating: What a finding's cost depends on besides the finding, as one text.
        limit: At most so many.
    """
    start, current = f"{repository}|", f"{repository}|{rating}"
    found: list[Finding] = []
    for between in ({"$gte": start, "$lt": current}, {"$gt": current, "$lt": f"{repository}}}"}):
        if len(found) < limit:
            found += collection("findings", Finding).find({"rated": between}).limit(limit - len(found))
    return found


def begin_rating(repository: str) -> None:
    """Let the findings that a former version stored be rated anew: they lack the field by which those are found."""
    unrated = {"scored_in": repository, "rated": {"$exists": False}}
    collection("findings").update_many(unrated, {"$set": {"rated": f"{repository}|{NEVER}"}})


def set_costs(repository: str, rating: str, costs: Mapping[str, Cost], revision: int) -> None:
    """Note what findings cost as of *revision* of their repository's score; what is newer stays."""
    rated = f"{repository}|{rating}"
    writes = [
        UpdateOne(
            {"_id": name, "cost_revision": {"$lt": revision}},
            {
                "$set": {
                    "cost": one,
                    "cost_revision": revision,
                    "rated": rated,
                    "weighs": weight_key(repository, one, name),
                }
            },
        )
        for name, one in costs.items()
    ]
    collection("findings").bulk_write(writes, ordered=False)


def mark_rated(repository: str, rating: str, names: Sequence[str]) -> None:
    """Note that the costs of findings hold under the key *rating* as well."""
    if names:
        rated = {"$set": {"rated": f"{repository}|{rating}"}}
        collection("findings").update_many({"_id": {"$in": list(names)}}, rated)
