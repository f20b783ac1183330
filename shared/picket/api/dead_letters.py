"""The dead-letter sink: what exhausted its retries is kept, and the scan it belonged to told the truth about."""

from __future__ import annotations

from flask import Blueprint, Request, Response, request
from pydantic import ValidationError

from picket.effects import artifacts, broker, cloudevent
from picket.effects.mongo import rejections
from picket.effects.telemetry import count, note
from picket.events import CommitBatchCreated, CommitBatchScanned, Envelope, Event, ScanRequested
from picket.orchestration import completion
from picket.settings import settings

blueprint = Blueprint("dead_letters", __name__)
_PREFIX = "/dead-letters/"
_IN_CLUSTER = (".svc", ".svc.cluster.local")
_AWAITED: tuple[type[Event], ...] = (ScanRequested, CommitBatchCreated, CommitBatchScanned)
_ERRORS = ("knativeerrordest", "knativeerrorcode", "knativeerrordata")


def is_from_broker(incoming: Request) -> bool:
    """Tell whether a request reached the sink by the address that only the cluster can route to."""
    posted = incoming.method == "POST" and incoming.path.startswith(_PREFIX)
    # A browser that some page makes post here always says whose page it is.
    if not posted or "Origin" in incoming.headers or "Sec-Fetch-Mode" in incoming.headers:
        return False
    return settings().on_loopback or incoming.host.rsplit(":", 1)[0].endswith(_IN_CLUSTER)


@blueprint.post(f"{_PREFIX}<trigger>")
def keep(trigger: str) -> Response:
    """Keep a dead letter of *trigger*."""
    envelope, text, dataref = cloudevent.parse(dict(request.headers), request.get_data())
    headers = {name.lower().removeprefix("ce-"): value for name, value in request.headers}
    error = {name: headers[name] for name in _ERRORS if name in headers}
    rejections.keep_dead_letter(trigger[:100], envelope, text, dataref, error)
    count("picket_dead_letters_total", trigger=trigger)
    note("dead letter kept", trigger=trigger[:100], event=envelope.id, type=envelope.type)
    with broker.caused_by(envelope):
        _give_up(envelope, text, dataref)
    return Response(status=204)


def _give_up(envelope: Envelope, text: str, dataref: str) -> None:
    reason = f"gave up on {envelope.type} after its last retry"
    kind = next(
        (kind for kind in (ScanRequested, CommitBatchCreated, CommitBatchScanned) if kind.handles(envelope.type)), None
    )
    if kind is not None:
        text = artifacts.get(dataref).decode(errors="replace") if dataref else text
        try:
            event = kind.read(text, envelope)
        except ValidationError:
            note("dead letter does not fit its type", type=envelope.type)
            return
        completion.give_up(event, "dead-letters", reason)
