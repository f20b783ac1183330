"""Connections: organizations and repositories whose webhooks are made and kept at their forge."""

from __future__ import annotations

import re
import uuid

from flask import Blueprint, Response, jsonify, url_for
from pydantic import BaseModel, ConfigDict, Field, field_validator

from picket.api.bodies import read
from picket.api.organizations import HOST
from picket.api.paging import paged
from picket.commits.repository import fold
from picket.effects import broker
from picket.effects.git.address import admitted, scheme_of
from picket.effects.mongo import connections as store
from picket.effects.mongo import webhooks
from picket.effects.mongo.client import Document, members
from picket.effects.mongo.connections import Connection, StoredHook
from picket.effects.mongo.documents import Fields
from picket.effects.mongo.schedules import unmarked
from picket.errors import Gone, Malformed
from picket.events import Envelope
from picket.forges import FORGES
from picket.orchestration import connections

blueprint = Blueprint("connections", __name__)
_MANAGED = sorted(name for name, forge in FORGES.items() if forge.manages)
_SHOWN = ("forge", "host", "name", "token_ref", "alerts", "state", "reason", "remarks", "created_at", "changed_at")
_HOOK_SHOWN = ("level", "path", "state", "reason", "orphans", "checked_at")
_HOOKS_SHOWN = 100
_SEGMENT = re.compile(r"[A-Za-z0-9_~][A-Za-z0-9_. -]{0,254}")


class ConnectionOrder(BaseModel):
    """What to connect. `token_ref` names an entry of connect's PICKET_GIT_TOKENS, never a token."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    forge: str = Field(json_schema_extra={"enum": [*_MANAGED]})
    host: str = Field(default="", max_length=260, description="public hosts of forges need not be named")
    name: str = Field(
        max_length=1024, description="an organization, group, workspace or project, or a repository of it"
    )
    token_ref: str = Field(default="", max_length=300)
    alerts: bool = Field(default=False, description="security alerts of the forge, too")

    @field_validator("forge")
    @classmethod
    def _manages(cls, forge: str) -> str:
        if forge not in FORGES or not FORGES[forge].manages:
            raise ValueError(f"one of {', '.join(_MANAGED)}")
        return forge

    def connection(self) -> tuple[str, Fields]:
        """Return the id of the connection, and what is wanted of it.

        Raises:
            Malformed: Host or name do not fit the forge.
            Unsupported: The host is not admitted.
        """
        host = (self.host or FORGES[self.forge].home).lower()
        segments = self.name.split("/")
        depth = FORGES[self.forge].hooks.depth
        if not HOST.fullmatch(host) or len(segments) > depth or not all(map(_SEGMENT.fullmatch, segments)):
            raise Malformed("host and name do not fit the forge")
        admitted(f"{scheme_of(host)}://{host}/{'/'.join(segments)}/any".replace(" ", "%20"))
        return fold(f"{host}/{self.name}"), {**self.model_dump(), "host": host}


@blueprint.post("/connections")
def add() -> Response:
    """Connect an organization or a repository; its webhooks are made in the background."""
    identity, wanted = read(ConnectionOrder).connection()
    with broker.caused_by(_root()):
        return _accepted(connections.begin(identity, wanted))


@blueprint.get("/connections")
def page() -> Response:
    """List connections."""
    documents, cursor = paged(store.page)
    return jsonify({"connections": [view(connection) for connection in documents], "next": cursor})


@blueprint.get("/connections/<path:wanted>")
def show(wanted: str) -> Response:
    """Show a connection and its webhooks; those first that are not as they should be."""
    connection = _known(wanted)
    failing = store.failing(connection["_id"], _HOOKS_SHOWN)
    others = [one for one in store.hooks(connection["_id"], _HOOKS_SHOWN) if one not in failing]
    shown = [_hook(one) for one in [*failing, *others][:_HOOKS_SHOWN]]
    return jsonify({**view(connection), "hooks": shown})


@blueprint.post("/connections/<path:wanted>/check")
def check(wanted: str) -> Response:
    """Check all webhooks of a connection now."""
    connection = _known(wanted)
    with broker.caused_by(_root()):
        connections.check(connection)
        return _accepted(connection)


@blueprint.delete("/connections/<path:wanted>")
def remove(wanted: str) -> Response:
    """Remove a connection's webhooks at its forge; asked again for those that the forge kept, forget the connection."""
    connection = _known(wanted)
    with broker.caused_by(_root()):
        connections.end(connection)
        left = store.find(connection["_id"])
        return _accepted(left) if left else jsonify({**view(connection), "state": "Gone"})


def view(connection: Connection) -> Document:
    """Return a connection as the API shows it."""
    webhook = webhooks.of_connection(connection["_id"])
    return {
        "id": connection["_id"],
        **members(connection, _SHOWN),
        "webhook": webhook["source"] if webhook else None,
        "each": connection["each"],
        "by_state": store.by_state(connection["_id"]),
        "delivered": bool(webhook and webhook.get("delivered_at")),
        "due_at": unmarked(connection["due"]) if "due" in connection else None,
    }


def _hook(hook: StoredHook) -> Document:
    return {**members(hook, _HOOK_SHOWN), "ids": hook["ids"], "due_at": unmarked(hook.get("due", "")) or None}


def _accepted(connection: Connection) -> Response:
    answer = jsonify(view(connection))
    answer.status_code = 202
    answer.headers["Location"] = url_for("connections.show", wanted=connection["_id"])
    return answer


def _known(wanted: str) -> Connection:
    connection = store.find(fold(wanted))
    if connection is None:
        raise Gone("no such connection")
    return connection


def _root() -> Envelope:
    return Envelope(id=uuid.uuid4().hex, type="request", source="/picket/api")
