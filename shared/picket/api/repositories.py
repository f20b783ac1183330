"""Repositories: registering them, and who owns them."""

from __future__ import annotations

import re
import uuid

from flask import Blueprint, Response, jsonify, request
from pydantic import BaseModel, ConfigDict

from picket.api.bodies import raw, read
from picket.api.naming import identity
from picket.api.paging import paged
from picket.api.scans import admit_all, read_orders
from picket.effects import broker
from picket.effects.mongo import repositories as store
from picket.effects.mongo import schedules, scores
from picket.effects.mongo.client import Document
from picket.effects.mongo.documents import Repository
from picket.errors import Gone, Malformed, Unsupported
from picket.events import Envelope, RepositoryChanged, RepositoryForgotten
from picket.runtime import access
from picket.runtime.problems import problem
from picket.scoring.stored import Score
from picket.settings import settings

blueprint = Blueprint("repositories", __name__)
_TEAM = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_SHOWN = ("name", "url", "visibility", "organization", "team", "criticality", "created_at", "scanned_at")
_FLAGS = ("archived", "deleted")
_TIMES = ("history_scanned_at", "delivered_at", "unannounced_at", "vanished_at", "forgotten_at")


class TeamOrder(BaseModel):
    """Which team owns a repository; an empty name takes it away."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)
    team: str


@blueprint.get("/repositories")
def page() -> Response:
    """List repositories."""
    documents, cursor = paged(store.page)
    return jsonify({"repositories": [view(repository) for repository in documents], "next": cursor})


@blueprint.post("/repositories")
def add() -> Response:
    """Register one repository, or up to 1,000, to be scanned by schedule; the first time as soon as may be."""
    orders = read_orders(raw())
    wanted, errors = admit_all(orders if isinstance(orders, list) else [orders])
    if errors:
        status = int(errors[0]["status"]) if len(errors) == 1 else 422
        return problem(status, errors[0]["detail"], errors=errors)
    if any(len(one) > 2 for one in wanted):  # noqa: PLR2004 - what is no repository has its kind, too
        raise Malformed("only repositories are registered; POST /scans looks at other assets")
    ids = [store.ensure(one[0], one[1], at_once=True)[0] for one in wanted]
    if isinstance(orders, list):
        answer = jsonify({"repositories": list(dict.fromkeys(ids))})
    else:
        answer = jsonify(view(known(ids[0])))
    answer.status_code = 201
    return answer


@blueprint.get("/repositories/<path:wanted>")
def show(wanted: str) -> Response:
    """Show one repository."""
    return jsonify(view(known(wanted)))


@blueprint.put("/repositories/<path:wanted>/team")
def set_team(wanted: str) -> Response:
    """Say which team owns a repository."""
    team = read(TeamOrder).team
    if team and not _TEAM.fullmatch(team):
        raise Malformed("a team is named by letters, digits, dots, dashes and underscores, at most 64")
    before = known(wanted)
    after = store.own(before["_id"], team)
    with broker.caused_by(Envelope(id=uuid.uuid4().hex, type="request", source="/picket/api")):
        broker.emit(RepositoryChanged(repository=before["_id"], change="teamed", name=before["name"]))
    return jsonify(view(after or before))


@blueprint.delete("/repositories/<path:wanted>")
def forget(wanted: str) -> Response:
    """Forget a repository with its findings; no webhook and no listing registers it again until a person adds it."""
    repository = known(wanted)
    if request.args.get("confirm") not in {repository["name"], repository["_id"]}:
        raise Unsupported(f"this deletes every finding: repeat it with ?confirm={repository['name']}")
    with broker.caused_by(Envelope(id=uuid.uuid4().hex, type="request", source="/picket/api")):
        marked = store.forget(repository["_id"], access.caller().name) or repository
        broker.emit(RepositoryForgotten(repository=repository["_id"]))
    answer = jsonify(view(marked))
    answer.status_code = 202
    return answer


def known(wanted: str) -> Repository:
    """Return a repository by id or any name it has had.

    Raises:
        Gone: It does not exist.
    """
    found = store.get(identity(wanted))
    if found is None:
        raise Gone(f"repository {wanted[:200]} is not known")
    return found


def view(repository: Repository) -> Document:
    """Return a repository as the API shows it."""
    rated: Repository | Score | None = repository
    if "score_revision" not in repository:  # a former version has kept its score elsewhere alone
        rated = scores.get(repository["_id"])
    return {
        "id": repository["_id"],
        **{name: repository.get(name) for name in (*_SHOWN, *_TIMES)},
        **{name: bool(repository.get(name)) for name in _FLAGS},
        "missing_refs": repository.get("missing_refs", ""),
        "due_at": schedules.due_at(repository, settings().schedule_hours),
        "score": rated["score"] if rated else None,
        "grade": rated["grade"] if rated else None,
    }
