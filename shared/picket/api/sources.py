"""Registering webhooks."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from picket.api.bodies import read
from picket.commits.repository import fold
from picket.effects import senders
from picket.effects.git.address import admitted
from picket.effects.mongo import sources as store
from picket.effects.mongo.client import Document
from picket.effects.mongo.records import Webhook
from picket.errors import Gone
from picket.settings import settings

blueprint = Blueprint("sources", __name__)
_SHOWN = ("provider", "name", "scope", "created_at", "revoked", "rotated_at", "revoked_at")
DEFAULT_GRACE_SECONDS = 86_400


class SourceOrder(BaseModel):
    """A webhook to register, for one repository, one organization (`host/owner`), or anything."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    provider: str = Field(json_schema_extra={"enum": [*senders.names()]}, description="who sends")
    name: str = Field(min_length=1, max_length=100)
    repository: str = ""
    organization: str = Field(default="", pattern=r"^$|^[A-Za-z0-9.-]+(?::\d+)?(?:/[A-Za-z0-9._~%-]+)+$")

    @field_validator("provider")
    @classmethod
    def _sends(cls, provider: str) -> str:
        if provider not in senders.names():
            raise ValueError(f"one of {', '.join(senders.names())}")
        return provider

    @model_validator(mode="after")
    def _one_scope(self) -> SourceOrder:
        if self.repository and self.organization:
            raise ValueError("give repository or organization, not both")
        return self


class RotateOrder(BaseModel):
    """How long the former secret stays valid, in seconds."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)
    grace_seconds: float = Field(default=DEFAULT_GRACE_SECONDS, ge=0, le=30 * 86_400)


@blueprint.post("/sources")
def add() -> Response:
    """Register a webhook; the only answer that holds its secret."""
    order = read(SourceOrder)
    scope = admitted(order.repository).name if order.repository else fold(order.organization)
    document, token, secret = store.add(order.provider, order.name, scope)
    url = f"{settings().public_url.rstrip('/')}/in/{order.provider}/{token}"
    answer = jsonify({**view(document), "url": url, "secret": secret})
    answer.status_code = 201
    return answer


@blueprint.get("/sources")
def page() -> Response:
    """List sources, without secrets."""
    return jsonify({"sources": [view(source) for source in store.all_sources()]})


@blueprint.post("/sources/<wanted>/rotate")
def rotate(wanted: str) -> Response:
    """Give a source a new secret."""
    found = store.rotate(wanted, read(RotateOrder).grace_seconds)
    if found is None:
        raise Gone("no such source, or it is revoked")
    document, secret = found
    return jsonify({**view(document), "secret": secret})


@blueprint.delete("/sources/<wanted>")
def revoke(wanted: str) -> Response:
    """Make a source's URL unknown."""
    document = store.revoke(wanted)
    if document is None:
        raise Gone("no such source")
    return jsonify(view(document))


def view(source: Webhook) -> Document:
    """Return a source as the API shows it."""
    shown = {name: source.get(name) for name in _SHOWN}
    return {"id": source["source"], **shown, "revoked": bool(source["revoked"])}
