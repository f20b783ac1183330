"""The shape of an event function: parse, one typed call, a status code.

functions-framework's *http* signature is used, never its `cloudevent` one: that one always answers `200 "OK"`, and
Knative's broker filter turns a non-empty body that is no CloudEvent into 502 and redelivers.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Literal

from flask import Request, Response
from pydantic import ValidationError

from picket.effects import artifacts, broker, cloudevent, telemetry
from picket.effects.telemetry import logs, shapes
from picket.errors import Gone, Malformed, Misconfigured, Newer, PermanentError, TooLarge, Unsupported
from picket.events import Envelope, Event, EventRejected
from picket.runtime.body import MAX_EVENT_BYTES, read_body
from picket.runtime.hardening import set_up
from picket.runtime.probes import answer_probe
from picket.runtime.problems import is_outage, problem, reason_of, status_of
from picket.settings import settings

HttpFunction = Callable[[Request], Response]
Handler = Callable[[Any], None]
"""Takes an event of one of the classes that it is registered for."""


def consumes(*types: type[Event]) -> Callable[[Handler], HttpFunction]:
    """Make an HTTP function of a handler of one typed event.

    It answers 204 when the handler returns; 204 after keeping a rejection on `PermanentError`, because a 4xx would be
    lost; 503 when something outside is away, and 500 on anything unexpected: both are redelivered.

    Args:
        types: Event classes the handler takes; anything else is rejected.
    """

    def decorate(handler: Handler) -> HttpFunction:
        def main(request: Request) -> Response:
            if probe := answer_probe(request):
                return probe
            if request.method != "POST":
                return problem(405, "events are posted")
            try:
                body = read_body(request, MAX_EVENT_BYTES)
                envelope, text, dataref = cloudevent.parse(dict(request.headers), body)
            except (Malformed, TooLarge) as error:
                return problem(status_of(error), str(error))
            return _run(envelope, text, dataref, types, handler)

        logs.configure()
        set_up()
        return main

    return decorate


def _run(envelope: Envelope, text: str, dataref: str, types: tuple[type[Event], ...], handler: Handler) -> Response:
    with telemetry.handling(envelope) as handled:
        try:
            with broker.caused_by(envelope):
                event: Event | None = None
                try:
                    event = _data(envelope, text, dataref, types)
                    handled.is_about(event)
                    handler(event)
                    handled.outcome = "done"
                except PermanentError as error:
                    handled.outcome = _set_aside(envelope, text, dataref, error, event)
            return Response(status=204)
        except Exception as error:  # noqa: BLE001 - every outcome must become a status code
            handled.outcome = "retried" if is_outage(error) else "failed"
            return unexpected(error, tell=True)


def unexpected(error: Exception, *, tell: bool = False) -> Response:
    """Log what went wrong and answer so that the sender tries again.

    Only reasons that Picket words itself are logged: the message of another error may quote input, and input may hold
    a secret. So does the store's, which quotes what it was to keep.

    Args:
        error: What a handler raised.
        tell: Whether the answer gives the reason as well: to the broker, which keeps it with a dead letter, and not to
            a stranger.
    """
    reason, kind = reason_of(error), type(error).__name__
    if is_outage(error):
        logs.note("not now", level=logging.WARNING, error=kind, reason=reason)
        return problem(503, (tell and reason) or "something this needs is away; try again", error=kind)
    message = "misconfigured" if isinstance(error, Misconfigured) else "unexpected error"
    logs.note(message, level=logging.ERROR, error=kind, reason=reason, frames=logs.frames(error.__traceback__))
    return problem(500, (tell and reason) or "unexpected error", error=kind)


def _data(envelope: Envelope, text: str, dataref: str, types: tuple[type[Event], ...]) -> Event:
    """Find the class of the event and build it, saying where the data does not fit, never what it is."""
    model = next((event for event in types if event.handles(envelope.type)), None)
    if model is None:
        if any(event.is_older_than(envelope.type) for event in types):
            raise Newer(f"{shapes.event_type(envelope.type)} is of a newer version than this revision reads")
        raise Unsupported(f"{settings().service} does not consume events of type {shapes.event_type(envelope.type)}")
    if dataref:
        text = artifacts.get(dataref).decode(errors="replace")
    try:
        return model.read(text, envelope)
    except ValidationError as error:
        places = ", ".join(
            f"{'.'.join(map(str, item['loc'])) or 'data'}: {item['type']}"
            for item in error.errors(include_input=False, include_context=False, include_url=False)
        )
        raise Malformed(f"data of {envelope.type} does not fit: {places}") from None


def _set_aside(
    envelope: Envelope, text: str, dataref: str, error: PermanentError, event: Event | None
) -> Literal["done", "rejected"]:
    """Keep an event that cannot succeed, unless it is late news of a repository that a person has forgotten."""
    from picket.effects.mongo import repositories  # noqa: PLC0415 - see is_outage

    if isinstance(error, Gone) and event is not None and repositories.is_forgotten(event.repository):
        logs.note("event of a forgotten repository")
        return "done"
    _reject(envelope, text, dataref, error)
    if event is not None:
        _give_up(event, error)
    return "rejected"


def _reject(envelope: Envelope, text: str, dataref: str, error: PermanentError) -> None:
    """Keep the event with the reason, and say so."""
    from picket.effects.mongo import rejections  # noqa: PLC0415 - see is_outage

    rejections.keep(envelope, text, dataref, kind=type(error).__name__, reason=str(error))
    broker.emit(
        EventRejected(
            repository=envelope.partition_key,
            event=envelope.id,
            event_type=envelope.type,
            function=settings().service,
            reason=str(error),
        )
    )
    logs.note("rejection kept", level=logging.WARNING, kind=type(error).__name__, reason=str(error))


def _give_up(event: Event, error: PermanentError) -> None:
    """Let the scan that waits for a rejected event end."""
    from picket.orchestration import completion  # noqa: PLC0415 - see is_outage

    completion.give_up(event, settings().service, str(error))
