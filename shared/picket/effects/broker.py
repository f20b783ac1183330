"""Posting events to the broker.

What is emitted while a handler runs is caused by the event being handled: `caused_by` sets it, `emit` derives the ids
from it. An event above 256 KiB goes to the artifact store, because NATS carries at most 1 MiB.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import replace

import urllib3

from picket.context import context
from picket.effects import artifacts, cloudevent, telemetry
from picket.errors import TransientError
from picket.events import Envelope, Event, event_id
from picket.settings import settings

MAX_INLINE_BYTES = 256 * 1024
_TIMEOUT = urllib3.Timeout(connect=2.0, read=10.0)
_cause: ContextVar[Envelope] = ContextVar("cause")


Caused = AbstractContextManager[None]


@contextmanager
def caused_by(envelope: Envelope) -> Iterator[None]:
    """Within it, every event emitted is derived from *envelope*."""
    token = _cause.set(envelope)
    try:
        yield
    finally:
        _cause.reset(token)


def cause() -> Envelope:
    """Return the envelope of the event being handled.

    Raises:
        LookupError: Outside `caused_by`; that is a defect.
    """
    return _cause.get()


def emit(*events: Event) -> None:
    """Post events to the sink, one after the other, and wait until the broker has each.

    Where spans are made, the event's trace context is the span of what is being handled, else that of its cause.

    Raises:
        TransientError: The broker did not accept one; those before it are accepted.
    """
    for event in events:
        _post(_wrapped(event, traceparent=trace()), event)


def emit_for(origin: Mapping[str, str], event: Event, turn: int) -> None:
    """Post an event on behalf of what *origin* tells of: it goes on with that one's correlation and trace.

    Args:
        origin: `correlation` and `traceparent`; what is not in it is that of the event being handled.
        event: The event; its id is derived from the event being handled and *turn*.
        turn: What tells it from the same event sent before on account of the same one, which the broker would drop.

    Raises:
        TransientError: The broker did not accept it.
    """
    identity = event_id(cause().id, event.TYPE, f"{event.natural_key}|{turn}")
    _post(_wrapped(event, **{"traceparent": trace(), **origin, "id": identity}), event)


def trace() -> str:
    """Return the trace context of what is being handled: that of its span, where spans are made."""
    return telemetry.traceparent() or cause().traceparent


def reach() -> None:
    """Ask the broker's ingress whether it is there, and send nothing.

    Raises:
        TransientError: It did not answer, or none is configured.
    """
    response = _request("OPTIONS", {}, b"")
    if response.status >= 500:  # noqa: PLR2004 - HTTP's class of the server's own errors
        raise TransientError(f"the broker answered {response.status}")


def repeat(envelope: Envelope, data: bytes) -> None:
    """Post an event that was sent before, under the id that *envelope* gives it now.

    Raises:
        TransientError: The broker did not accept it.
    """
    _send(envelope, f"urn:picket:schema:{envelope.type}" if envelope.type.startswith("dev.picket.") else "", data)


def _wrapped(event: Event, **fields: str) -> Envelope:
    return replace(cause().wrap(event, source=f"/picket/{settings().service}"), **fields)


def _post(envelope: Envelope, event: Event) -> None:
    _send(envelope, event.schema_uri(), event.model_dump_json().encode(), event.extensions)


def _send(envelope: Envelope, schema: str, data: bytes, extensions: Mapping[str, str] | None = None) -> None:
    dataref = ""
    if len(data) > MAX_INLINE_BYTES:
        dataref = artifacts.put(f"events/{envelope.id}.json", data)
        data = b""
    headers, body = cloudevent.render(
        envelope, schema, data, dataref=dataref, extensions={**(extensions or {}), **_overrides()}
    )
    response = _request("POST", headers, body)
    if not 200 <= response.status < 300:  # noqa: PLR2004 - HTTP's success class
        raise TransientError(f"the broker answered {response.status} to {envelope.type}")


def _request(method: str, headers: Mapping[str, str], body: bytes) -> urllib3.BaseHTTPResponse:
    sink = settings().sink
    if not sink:
        raise TransientError("K_SINK is not set: nowhere to send events")
    try:
        return pool().request(method, sink, body=body, headers=headers)
    except urllib3.exceptions.HTTPError as error:
        raise TransientError(f"the broker did not answer ({type(error).__name__})") from error


@context.kept
def pool() -> urllib3.PoolManager:
    """Return the connections to the broker's ingress."""
    return urllib3.PoolManager(maxsize=32, retries=False, timeout=_TIMEOUT)


@context.kept
def _overrides() -> dict[str, str]:
    """Extensions of Knative's `K_CE_OVERRIDES`: `{"extensions": {name: value}}`."""
    raw = settings().ce_overrides
    extensions = json.loads(raw).get("extensions", {}) if raw else {}
    return {str(name): str(value) for name, value in extensions.items()}
