"""Teams and what they own, and which of it has changed since a team's score was last evaluated."""

from __future__ import annotations

from collections.abc import Sequence

from pymongo import DeleteOne

from picket.effects.mongo.client import collection, key
from picket.effects.mongo.documents import Repository
from picket.effects.mongo.records import TeamChange
from picket.events import now


def note(team: str, repository: str, cause: str) -> None:
    """Note that a repository's score, or whose it is, has changed on account of the event *cause*."""
    fields = {"team": team, "repository": repository, "cause": cause, "at": now()}
    collection("team_changes").update_one({"_id": key(team, repository)}, {"$set": fields}, upsert=True)


def noted(team: str, limit: int) -> list[TeamChange]:
    """Return up to *limit* notes of a team."""
    return list(collection("team_changes", TeamChange).find({"team": team}).limit(limit))


def settle(notes: Sequence[TeamChange]) -> None:
    """Delete notes that are in the team's score by now; one that was noted anew since it was read stays."""
    if notes:
        writes = [DeleteOne({"_id": note["_id"], "cause": note["cause"]}) for note in notes]
        collection("team_changes").bulk_write(writes, ordered=False)


def waiting(after: str, limit: int) -> list[str]:
    """Return up to *limit* teams that have notes, those after *after*, by leaps from one to the next."""
    found: list[str] = []
    while len(found) < limit:
        which = {"team": {"$gt": found[-1] if found else after}}
        first = collection("team_changes", TeamChange).find_one(which, {"team": 1}, sort=[("team", 1)])
        if first is None:
            break
        found.append(first["team"])
    return found


def owning(after: str, limit: int) -> list[str]:
    """Return up to *limit* teams that own repositories, those after *after*, by leaps from one to the next."""
    found: list[str] = []
    while len(found) < limit:
        which = {"team": {"$gt": found[-1] if found else after}}
        first = collection("repositories", Repository).find_one(which, {"team": 1}, sort=[("team", 1)])
        if first is None:
            break
        found.append(str(first["team"]))
    return found


def of_team(team: str) -> list[Repository]:
    """Return the repositories of a team."""
    return list(collection("repositories", Repository).find({"team": team}).sort("_id", 1))
