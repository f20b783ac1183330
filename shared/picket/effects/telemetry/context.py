"""What this thread is at, in words that may be shown: the context of every log line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType

from picket.effects.telemetry import shapes
from picket.events import Envelope, Event

_about: ContextVar[Mapping[str, str]] = ContextVar("about", default=MappingProxyType({}))
_SHOWN = ("repository", "scan", "batch")


def current() -> Mapping[str, str]:
    """Return the fields that tell what is being handled."""
    return _about.get()


@contextmanager
def about(**fields: str) -> Iterator[None]:
    """Within it, log lines also have *fields*; those that are empty are left out."""
    token = _about.set({**_about.get(), **{name: value for name, value in fields.items() if value}})
    try:
        yield
    finally:
        _about.reset(token)


def of_envelope(envelope: Envelope) -> dict[str, str]:
    """Return what tells an event from others: its id and type, its root, its trace."""
    return {
        "event": envelope.id,
        "type": envelope.type,
        "correlationid": envelope.correlation or envelope.id,
        "trace_id": shapes.trace_id(envelope.traceparent),
    }


def of_event(event: Event) -> dict[str, str]:
    """Return what an event is about: repository, scan and batch, as far as it names them."""
    return {name: str(getattr(event, name, "")) for name in _SHOWN}
