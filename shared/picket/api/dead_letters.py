"""The dead-letter sink: what exhausted its retries is kept, and the scan it belonged to told the truth about."""

from __future__ import annotations

from flask import Blueprint, Request, Response, request

from picket.effects import broker, cloudevent, completion
from picket.effects.mongo import batches, rejections, scans
from picket.errors import Gone
from picket.events import CommitBatchCreated, CommitBatchScanned, Envelope, ScanRequested
from picket.runtime import note
from picket.settings import settings

blueprint = Blueprint("dead_letters", __name__)
_PREFIX = "/dead-letters/"
_IN_CLUSTER = (".svc", ".svc.cluster.local")
_ERRORS = ("knativeerrordest", "knativeerrorcode", "knativeerrordata")


def is_from_broker(incoming: Request) -> bool:
    """Tell whether a request reached the sink by the address that only the cluster can route to."""
    host = incoming.host.rsplit(":", 1)[0]
    internal = settings().on_loopback or host.endswith(_IN_CLUSTER)
    return incoming.method == "POST" and incoming.path.startswith(_PREFIX) and internal


@blueprint.post(f"{_PREFIX}<trigger>")
def keep(trigger: str) -> Response:
    """Keep a dead letter of *trigger*."""
    envelope, text, dataref = cloudevent.parse(dict(request.headers), request.get_data())
    headers = {name.lower().removeprefix("ce-"): value for name, value in request.headers}
    error = {name: headers[name] for name in _ERRORS if name in headers}
    rejections.keep_dead_letter(trigger[:100], envelope, text, dataref, error)
    note("dead letter kept", trigger=trigger[:100], event=envelope.id, type=envelope.type)
    with broker.caused_by(envelope):
        _give_up(envelope, text)
    return Response(status=204)


def _give_up(envelope: Envelope, text: str) -> None:
    """Fail what waits for this event, so that no scan stays open for work that will not come."""
    reason = f"gave up on {envelope.type} after its last retry"
    try:
        if ScanRequested.handles(envelope.type):
            scan = scans.get(ScanRequested.read(text, envelope).scan)
            completion.finish(scan, "Failed", "api", reason)
        for kind in (CommitBatchCreated, CommitBatchScanned):
            if kind.handles(envelope.type):
                event = kind.read(text, envelope)
                batches.move(event.batch, "Failed", reason=reason)
                completion.settle(event.scan, "api")
    except Gone as error:
        note("dead letter of something unknown", reason=str(error))
