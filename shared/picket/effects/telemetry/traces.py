"""Spans of what a function does, children of the span that emitted the event.

They are made only where a collector is set. The OpenTelemetry SDK is imported with the first span of a process: after
gunicorn has forked, because a thread of its own sends what has ended. A handler never waits for that.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Literal

from picket.context import context
from picket.effects.telemetry import shapes
from picket.effects.telemetry.logs import note
from picket.settings import settings

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span, SpanKind

Role = Literal["server", "consumer", "internal"]

_handler: ContextVar[str] = ContextVar("handler", default="")
starting = threading.RLock()
"""Held while libraries are set up: functions answer in threads, and two of everything would count by halves."""


def providers() -> tuple[TracerProvider, MeterProvider] | None:
    """Return what makes this process's spans and metrics for a collector; None where no collector is set."""
    with starting:
        return _made()


@context.kept
def _made() -> tuple[TracerProvider, MeterProvider] | None:
    if not settings().otlp_endpoint:
        return None
    try:
        from picket.effects.telemetry import exporters  # noqa: PLC0415 - 200 ms, and only when it is on
    except ImportError as error:
        note(
            "PICKET_OTLP_ENDPOINT is set, but picket[telemetry] is not installed",
            level=logging.ERROR,
            module=error.name,
        )
        return None
    return exporters.providers(settings())


@contextmanager
def span(name: str, *, role: Role = "internal", parent: str | None = None, **attributes: object) -> Iterator[Open]:
    """Make a span of what happens within, if a collector is set.

    An exception marks the span as failed by its type; the message stays out, as it may quote input.

    Args:
        name: What is done; always the same words.
        role: `server` and `consumer` where something comes in from outside.
        parent: W3C trace context of the span that led here; None: the span that this one is within.
        attributes: What it is about; let through by `shapes`, under `picket.<name>`.
    """
    made = providers()
    if made is None:
        yield Open(None)
        return
    from opentelemetry.trace import SpanKind, Status, StatusCode  # noqa: PLC0415

    kind: SpanKind = SpanKind[role.upper()]
    with (
        made[0]
        .get_tracer("picket")
        .start_as_current_span(
            name, _context(parent), kind, record_exception=False, set_status_on_exception=False
        ) as started
    ):
        opened = Open(started)
        opened.tell(**attributes)
        token = _handler.set(opened.traceparent) if parent is not None else None
        try:
            yield opened
        except BaseException as error:
            started.set_status(Status(StatusCode.ERROR, type(error).__name__))
            raise
        finally:
            if token is not None:
                _handler.reset(token)


def traceparent() -> str:
    """Return the trace context for events emitted now: that of the handler's span; "" while no spans are made."""
    return _handler.get()


class Open:
    """A span under way; nothing at all when no spans are made."""

    __slots__ = ("_span",)

    def __init__(self, span: Span | None) -> None:
        self._span = span

    def tell(self, **attributes: object) -> None:
        """Add attributes; those that are empty are left out."""
        if self._span is None:
            return
        for name, value in attributes.items():
            if value not in {None, ""}:
                self._span.set_attribute(f"picket.{name}", shapes.checked(name, value))  # type: ignore[arg-type]

    def fail(self, reason: str) -> None:
        """Mark the span as failed; *reason* is one of a few constant words."""
        if self._span is not None:
            from opentelemetry.trace import Status, StatusCode  # noqa: PLC0415

            self._span.set_status(Status(StatusCode.ERROR, reason))

    @property
    def traceparent(self) -> str:
        """W3C trace context of the span, "" without one."""
        if self._span is None:
            return ""
        at = self._span.get_span_context()
        return f"00-{at.trace_id:032x}-{at.span_id:016x}-{int(at.trace_flags):02x}"

    @property
    def ids(self) -> dict[str, str]:
        """Fields of a log line that link it to the span; empty without one."""
        _, trace, span, _ = self.traceparent.split("-") if self._span is not None else ("", "", "", "")
        return {"trace_id": trace, "span_id": span} if trace else {}


def _context(parent: str | None) -> Context | None:
    """Return the context that *parent* names: an empty one, which starts a new trace, where it is not valid."""
    if parent is None:
        return None
    from opentelemetry.context import Context  # noqa: PLC0415
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator  # noqa: PLC0415

    return TraceContextTextMapPropagator().extract({"traceparent": parent}, Context())
