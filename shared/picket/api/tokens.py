"""Bearer tokens of this API."""

from __future__ import annotations

from typing import Annotated

from flask import Blueprint, Response, jsonify
from pydantic import BaseModel, ConfigDict, Field

from picket.api.bodies import read
from picket.effects.mongo import tokens as store
from picket.effects.mongo.client import Document
from picket.effects.mongo.records import StoredToken
from picket.errors import Gone, Malformed
from picket.events import now
from picket.runtime import access

blueprint = Blueprint("tokens", __name__)
_SHOWN = ("name", "scope", "created_at", "created_by", "expires_at")
_TIMES = ("last_used_at", "revoked_at", "revoked_by")
DEFAULT_DAYS = 90


class TokenOrder(BaseModel):
    """A token to make: what to call it, what it may do, and for how many days."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")
    scope: access.Scope = Field(
        description=(
            "read: look; submit: also ask for scans; report: bring reports only; triage: look and decide on findings; "
            "admin: everything"
        )
    )
    days: int = Field(default=DEFAULT_DAYS, ge=1, le=3_650)
    assets: list[Annotated[str, Field(pattern=r"^[^/\s][^\s]{0,299}$")]] = Field(
        default_factory=list,
        max_length=100,
        description="names of repositories that it is limited to, such as github.com/acme/*; none: it is not limited",
    )


@blueprint.post("/tokens")
def add() -> Response:
    """Make a token; the only answer that holds it."""
    order = read(TokenOrder)
    if order.name in access.NAMES:
        raise Malformed(f"{order.name} is what the log calls another caller")
    document, token = store.add(order.name, order.scope, order.days, access.caller().name, order.assets)
    answer = jsonify({**view(document), "token": token})
    answer.status_code = 201
    return answer


@blueprint.get("/tokens")
def page() -> Response:
    """List tokens, without what they are."""
    return jsonify({"tokens": [view(token) for token in store.all_tokens()]})


@blueprint.delete("/tokens/<wanted>")
def revoke(wanted: str) -> Response:
    """Revoke a token, by id or by a name that only one has."""
    document = store.revoke(wanted, access.caller().name)
    if document is None:
        raise Gone("no such token")
    return jsonify(view(document))


def view(token: StoredToken) -> Document:
    """Return a token's record as the API shows it."""
    state = "revoked" if token["revoked_at"] else "valid" if now() < token["expires_at"] else "expired"
    stored: Document = {**token}
    shown = {name: stored[name] for name in _SHOWN} | {name: stored.get(name) or None for name in _TIMES}
    return {"id": token["token"], "state": state, **shown, "assets": token.get("assets", [])}
