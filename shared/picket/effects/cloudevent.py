"""CloudEvents as functions read and send them: envelopes and data to HTTP messages and back.

Reading is the codec of `picket.events.cloudevent`, the same as the broker's on one machine. Writing is the CloudEvents
SDK's, which is known here only: functions-framework 3.10 pins 1.x of it.
"""

from __future__ import annotations

from collections.abc import Mapping

from cloudevents.conversion import to_binary
from cloudevents.http import CloudEvent

from picket.events import Envelope
from picket.events.cloudevent import from_http

JSON = "application/json"


def parse(headers: Mapping[str, str], body: bytes) -> tuple[Envelope, str, str]:
    """Read a CloudEvent in binary or structured mode.

    Args:
        headers: HTTP headers, any case.
        body: Raw request body.

    Returns:
        The envelope, the data as text that should be JSON, and the `dataref` extension; each "" if it is missing.

    Raises:
        Malformed: Not a CloudEvent.
    """
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]  # as WSGI reads them
    event = from_http(raw, body)
    attributes = event.attributes
    envelope = Envelope(
        id=attributes["id"],
        type=attributes["type"],
        source=attributes["source"],
        subject=attributes.get("subject", ""),
        time=attributes.get("time", ""),
        partition_key=attributes.get("partitionkey", ""),
        correlation=attributes.get("correlationid", ""),
        causation=attributes.get("causationid", ""),
        traceparent=attributes.get("traceparent", ""),
    )
    return envelope, event.data.decode(errors="replace"), attributes.get("dataref", "")


def render(
    envelope: Envelope, schema: str, data: bytes, *, dataref: str = "", extensions: Mapping[str, str] | None = None
) -> tuple[dict[str, str], bytes]:
    """Write an event in binary mode.

    Args:
        envelope: Its context.
        schema: URI of its data's schema; empty if there is no such thing.
        data: Its data as JSON text; empty when *dataref* says where it is.
        dataref: Where the data is, when it is too large for the broker.
        extensions: Those of the event, and what `K_CE_OVERRIDES` asks for.

    Returns:
        HTTP headers and body.
    """
    attributes = {
        "id": envelope.id,
        "type": envelope.type,
        "source": envelope.source,
        "subject": envelope.subject,
        "time": envelope.time,
        "datacontenttype": JSON,
        "dataschema": schema,
        "partitionkey": envelope.partition_key,
        "correlationid": envelope.correlation,
        "causationid": envelope.causation,
        "traceparent": envelope.traceparent,
        "dataref": dataref,
        **(extensions or {}),
    }
    present = {name: value for name, value in attributes.items() if value}
    headers, body = to_binary(CloudEvent(present, data or None), data_marshaller=lambda raw: raw)
    return dict(headers), body or b""
