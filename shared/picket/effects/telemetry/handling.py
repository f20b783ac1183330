"""One event or request being handled: its log context, its span and its numbers, all at once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Literal

from picket.effects.telemetry import context, metrics, traces
from picket.effects.telemetry.logs import note
from picket.events import Envelope, Event
from picket.settings import settings

Outcome = Literal["done", "rejected", "retried", "failed"]
_BAD = frozenset({"rejected", "retried", "failed"})


@dataclass(slots=True)
class Handled:
    """An event at work. `outcome` is what becomes of it; its handler sets it before the end."""

    span: traces.Open
    outcome: Outcome = "failed"
    _scope: ExitStack = field(default_factory=ExitStack)

    def is_about(self, event: Event) -> None:
        """Tell what the event is about, now that its data is known to fit."""
        found = context.of_event(event)
        self.span.tell(**found)
        self._scope.enter_context(context.about(**found))


@contextmanager
def handling(envelope: Envelope) -> Iterator[Handled]:
    """Within it an event is handled."""
    service, start = settings().service, time.perf_counter()
    about = context.of_envelope(envelope)
    told = {name: about[name] for name in ("event", "type", "correlationid")}
    with (
        traces.span(f"{service} handle", role="consumer", parent=envelope.traceparent, **told) as span,
        context.about(**about | span.ids),
        ExitStack() as scope,
    ):
        handled = Handled(span, _scope=scope)
        try:
            yield handled
        finally:
            seconds, outcome = time.perf_counter() - start, handled.outcome
            span.tell(outcome=outcome)
            if outcome in _BAD:
                span.fail(outcome)
            note(f"event {outcome}", seconds=round(seconds, 4))
            metrics.count("picket_events_total", function=service, type=envelope.type, outcome=outcome)
            metrics.observe("picket_handler_seconds", seconds, function=service, type=envelope.type)
