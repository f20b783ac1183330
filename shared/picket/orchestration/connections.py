"""Requests to connect, check and disconnect, from people and from the clock."""

from __future__ import annotations

from datetime import timedelta

from picket.effects import broker
from picket.effects.mongo import connections
from picket.effects.mongo.connections import Connection, StoredHook
from picket.effects.mongo.documents import Fields
from picket.events import WebhookRequested
from picket.orchestration import duties

_AT_ONCE = 200
"""Places that a tick looks at: ten thousand in a little more than four hours."""
_PATIENCE = timedelta(minutes=30)
"""Longer than an event is retried."""


def begin(identity: str, wanted: Fields) -> Connection:
    """Record a connection and request its setup."""
    connection = connections.put(identity, wanted)
    broker.emit(WebhookRequested(connection=identity, action="connect"))
    return connection


def end(connection: Connection) -> None:
    """Request the removal of a connection's webhooks; forget one whose forge has already refused that."""
    if connection["state"] == "Orphaned":
        connections.delete(connection["_id"])
        return
    connections.put_off(connection, _PATIENCE, "", "Disconnecting")
    broker.emit(WebhookRequested(connection=connection["_id"], action="disconnect"))


def check(connection: Connection) -> None:
    """Request a check of all webhooks of a connection."""
    connections.ask_for_all(connection["_id"])
    for each in connections.hooks(connection["_id"], _AT_ONCE):
        _ask_for(each)


def go_on(_cursor: str) -> str | None:
    """Request what is due."""
    duties.each("connections", connections.due(_AT_ONCE), _ask_again)
    found = connections.due_hooks(_AT_ONCE)
    pauses = {one: connections.pause_left(one) for one in {each["connection"] for each in found}}
    duties.each("connections", found, lambda each: _ask_unless_paused(each, pauses[each["connection"]]))
    return None


def _ask_unless_paused(hook: StoredHook, pause: timedelta) -> None:
    """Request a check of a place, or postpone it while its connection is paused."""
    if pause:
        connections.look_again(hook["_id"], pause)
    else:
        _ask_for(hook)


def _ask_again(connection: Connection) -> None:
    action = "disconnect" if connection["state"] == "Disconnecting" else "connect"
    due = connection.get("due", "")
    broker.emit(WebhookRequested.model_validate({"connection": connection["_id"], "action": action, "due": due}))
    connections.resume_later(connection["_id"], _PATIENCE)


def _ask_for(hook: StoredHook) -> None:
    event = WebhookRequested(connection=hook["connection"], action="check", hook=hook["_id"], due=hook.get("due", ""))
    broker.emit(event)
    connections.look_again(hook["_id"], _PATIENCE)


def ask_for_new(identity: str) -> None:
    """Request a check of the places of a connection that are New."""
    for each in connections.hooks(identity, _AT_ONCE):
        if each["state"] == "New":
            _ask_for(each)
