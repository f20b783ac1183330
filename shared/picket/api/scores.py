"""Scores, with everything behind them."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, Response, jsonify

from picket.api.paging import paged
from picket.api.repositories import known
from picket.effects.mongo import costs
from picket.effects.mongo import scores as store
from picket.effects.mongo import teams as team_lists
from picket.effects.mongo.client import Document
from picket.effects.mongo.client import members as part
from picket.errors import Gone
from picket.scoring.stored import Change, Score

blueprint = Blueprint("scores", __name__)
_HISTORY = 50
_ITEM = ("label", "severity", "standing", "penalty", "cap")


@blueprint.get("/scores/<path:wanted>")
def show(wanted: str) -> Response:
    """Show a repository's score, its items and its history."""
    repository = known(wanted)
    score = store.get(repository["_id"])
    if score is None:
        raise Gone(f"repository {repository['_id']} has no score yet")
    return jsonify(view(score))


@blueprint.get("/teams")
def teams() -> Response:
    """List the teams that own repositories, with their scores."""

    def following(after: str, limit: int) -> list[Document]:
        return [{"id": name} for name in team_lists.owning(after, limit)]

    found, cursor = paged(following, by="id")
    scored = store.get_many(f"team:{row['id']}" for row in found)
    return jsonify({"teams": [team_row(row["id"], scored) for row in found], "next": cursor})


@blueprint.get("/teams/<wanted>")
def team(wanted: str) -> Response:
    """Show a team: its score and its repositories."""
    owned = team_lists.of_team(wanted)
    score = store.get(f"team:{wanted}")
    if not owned and score is None:
        raise Gone(f"team {wanted[:64]} is not known")
    members = [
        {"repository": name, "score": value, "criticality": weight}
        for name, value, weight in (score.get("members", ()) if score else ())
    ]
    return jsonify(
        {
            "id": wanted,
            "score": score["score"] if score else None,
            "grade": score["grade"] if score else "unknown",
            "members": members,
            "repositories": [repository["_id"] for repository in owned],
            "history": [change_view(change) for change in store.history(f"team:{wanted}", _HISTORY)],
        }
    )


def team_row(name: str, scored: Mapping[str, Score]) -> Document:
    """Return a team in one line; *scored* holds the scores of teams that have one."""
    score = scored.get(f"team:{name}")
    if score is None:
        return {"id": name, "score": None, "grade": "unknown", "scored_repositories": 0}
    told = {"score": score["score"], "grade": score["grade"]}
    return {"id": name, **told, "scored_repositories": len(score.get("members", ()))}


def view(score: Score) -> Document:
    """Return a score as the API shows it, with a page of its items, the heaviest first."""
    shown = ("score", "grade", "model", "coverage", "posture", "score_without_exemptions", "checks")
    _finish(score)
    found, cursor = paged(lambda after, limit: costs.heaviest(score["_id"], after, limit), by="weighs")
    return {
        "repository": score["_id"],
        **part(score, shown),
        "items": [{"id": one["_id"], **part(one["cost"], _ITEM)} for one in found],
        "items_next": cursor,
        "item_count": score["tally"]["items"],
        "penalty": score["tally"]["total"] / 1_000_000,
        "history": [change_view(change) for change in store.history(score["_id"], _HISTORY)],
    }


def _finish(score: Score) -> None:
    """Put into findings what the score says that they cost, where its writer did not get to it."""
    if score["costs"]:
        costs.set_costs(score["_id"], score.get("rating", ""), score["costs"], score["revision"])


def change_view(change: Change) -> Document:
    """Return a change of a score: its deltas sum to it."""
    return part(change, ("at", "score", "previous", "grade", "model", "cause", "deltas"))
