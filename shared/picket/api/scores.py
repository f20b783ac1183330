"""Scores, with everything behind them."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, Response, jsonify

from picket.api.paging import paged
from picket.api.repositories import known
from picket.effects.mongo import costs, repositories
from picket.effects.mongo import scores as store
from picket.effects.mongo.client import Document
from picket.errors import Gone

blueprint = Blueprint("scores", __name__)
_HISTORY = 50


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
        return [{"id": name} for name in repositories.teams(after, limit)]

    found, cursor = paged(following, by="id")
    scored = store.get_many(f"team:{row['id']}" for row in found)
    return jsonify({"teams": [team_row(row["id"], scored) for row in found], "next": cursor})


@blueprint.get("/teams/<wanted>")
def team(wanted: str) -> Response:
    """Show a team: its score and its repositories."""
    owned = repositories.of_team(wanted)
    score = store.get(f"team:{wanted}")
    if not owned and score is None:
        raise Gone(f"team {wanted[:64]} is not known")
    members = [
        {"repository": name, "score": value, "criticality": weight}
        for name, value, weight in (score or {}).get("members", [])
    ]
    return jsonify(
        {
            "id": wanted,
            "score": (score or {}).get("score"),
            "grade": (score or {}).get("grade", "unknown"),
            "members": members,
            "repositories": [repository["_id"] for repository in owned],
            "history": [change_view(change) for change in store.history(f"team:{wanted}", _HISTORY)],
        }
    )


def team_row(name: str, scored: Mapping[str, Document]) -> Document:
    """Return a team in one line; *scored* holds the scores of teams that have one."""
    score = scored.get(f"team:{name}", {})
    told = {"score": score.get("score"), "grade": score.get("grade", "unknown")}
    return {"id": name, **told, "scored_repositories": len(score.get("members", ()))}


def view(score: Document) -> Document:
    """Return a score as the API shows it: the heaviest items first."""
    shown = ("score", "grade", "model", "coverage", "posture", "score_without_exemptions", "checks")
    rated = {one["_id"]: one["cost"] for one in costs.scored_in(score["_id"]) if "cost" in one} | score["costs"]
    shown_of = ("label", "severity", "standing", "penalty", "cap")
    items = [{"id": name, **{field: cost[field] for field in shown_of}} for name, cost in rated.items()]
    return {
        "repository": score["_id"],
        **{name: score[name] for name in shown},
        "items": sorted(items, key=lambda item: (-item["penalty"], item["id"])),
        "history": [change_view(change) for change in store.history(score["_id"], _HISTORY)],
    }


def change_view(change: Document) -> Document:
    """Return a change of a score: its deltas sum to it."""
    return {name: change[name] for name in ("at", "score", "previous", "grade", "model", "cause", "deltas")}
