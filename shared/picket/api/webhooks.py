"""Registering webhooks; `/sources` and `provider` are their names of a former version."""

from __future__ import annotations

import uuid

from flask import Blueprint, Response, jsonify, request
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from picket.api.bodies import read
from picket.commits.repository import fold
from picket.effects import broker, senders
from picket.effects.git.address import admitted
from picket.effects.mongo import connections as connected
from picket.effects.mongo import webhooks as store
from picket.effects.mongo.client import Document
from picket.effects.mongo.records import Webhook
from picket.errors import Conflict, Gone
from picket.events import Envelope
from picket.orchestration import connections
from picket.settings import settings

blueprint = Blueprint("webhooks", __name__)
_SHOWN = ("name", "scope", "created_at", "revoked", "rotated_at", "revoked_at")
DEFAULT_GRACE_SECONDS = 86_400


class WebhookOrder(BaseModel):
    """A webhook to register, for one repository, one organization (`host/owner`), or anything."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    sender: str = Field(json_schema_extra={"enum": [*senders.names()]}, description="who sends")
    name: str = Field(min_length=1, max_length=100)
    repository: str = ""
    organization: str = Field(default="", pattern=r"^$|^[A-Za-z0-9.-]+(?::\d+)?(?:/[A-Za-z0-9._~%-]+)+$")

    @model_validator(mode="before")
    @classmethod
    def _in_todays_words(cls, given: object) -> object:
        if isinstance(given, dict) and "provider" in given and "sender" not in given:
            return {**{name: value for name, value in given.items() if name != "provider"}, "sender": given["provider"]}
        return given

    @field_validator("sender")
    @classmethod
    def _sends(cls, sender: str) -> str:
        if sender not in senders.names():
            raise ValueError(f"one of {', '.join(senders.names())}")
        return sender

    @model_validator(mode="after")
    def _one_scope(self) -> WebhookOrder:
        if self.repository and self.organization:
            raise ValueError("give repository or organization, not both")
        return self


class RotateOrder(BaseModel):
    """How long the former secret stays valid, in seconds."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)
    grace_seconds: float = Field(default=DEFAULT_GRACE_SECONDS, ge=0, le=30 * 86_400)


@blueprint.post("/webhooks")
@blueprint.post("/sources")
def add() -> Response:
    """Register a webhook; the only answer that holds its secret."""
    order = read(WebhookOrder)
    scope = admitted(order.repository).name if order.repository else fold(order.organization)
    document, token, secret = store.add(order.sender, order.name, scope)
    url = f"{settings().public_url.rstrip('/')}/in/{order.sender}/{token}"
    answer = jsonify({**view(document), "url": url, "secret": secret})
    answer.status_code = 201
    return answer


@blueprint.get("/webhooks")
@blueprint.get("/sources")
def page() -> Response:
    """List webhooks, without secrets."""
    name = "sources" if request.path == "/sources" else "webhooks"
    return jsonify({name: [view(webhook) for webhook in store.all_webhooks()]})


@blueprint.post("/webhooks/<wanted>/rotate")
@blueprint.post("/sources/<wanted>/rotate")
def rotate(wanted: str) -> Response:
    """Rotate a webhook's secret; of a connection only the forge gets the new one."""
    found = store.rotate(wanted, read(RotateOrder).grace_seconds)
    if found is None:
        raise Gone("no such webhook, or it is revoked")
    document, secret = found
    connection = connected.find(document.get("connection", ""))
    if connection is None:
        return jsonify({**view(document), "secret": secret})
    with broker.caused_by(Envelope(id=uuid.uuid4().hex, type="request", source="/picket/api")):
        connections.check(connection)
    return jsonify(view(document))


@blueprint.delete("/webhooks/<wanted>")
@blueprint.delete("/sources/<wanted>")
def revoke(wanted: str) -> Response:
    """Make a webhook's URL unknown; one that is kept at a forge is ended by disconnecting, else it would come back."""
    managed = next((one for one in store.all_webhooks() if one["source"] == wanted), None)
    if managed and not managed["revoked"] and connected.find(managed.get("connection", "")):
        raise Conflict(f"it is kept at its forge: picket webhooks disconnect {managed.get('connection', '')}")
    document = store.revoke(wanted)
    if document is None:
        raise Gone("no such webhook")
    return jsonify(view(document))


def view(webhook: Webhook) -> Document:
    """Return a webhook as the API shows it."""
    stored: Document = {**webhook}
    shown = {name: stored.get(name) for name in _SHOWN}
    sender = webhook["provider"]
    return {"id": webhook["source"], "sender": sender, "provider": sender, **shown, "revoked": bool(webhook["revoked"])}
