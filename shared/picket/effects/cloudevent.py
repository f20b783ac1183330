"""CloudEvents over HTTP: the only module that knows the CloudEvents SDK.

functions-framework 3.10 pins the 1.x SDK; moving to 2.x touches this file alone.
"""

from __future__ import annotations

from collections.abc import Mapping

from cloudevents.conversion import to_binary
from cloudevents.exceptions import GenericException
from cloudevents.http import CloudEvent, from_http

from picket.errors import Malformed
from picket.events import Envelope

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
    try:
        event = from_http({k.lower(): v for k, v in headers.items()}, body, data_unmarshaller=lambda raw: raw)
    except (GenericException, ValueError, TypeError, AttributeError, RecursionError) as error:
        # The SDK's messages quote the body, which may hold a secret.
        raise Malformed(f"not a CloudEvent ({type(error).__name__})") from None
    attributes = {name: str(value) for name, value in event.get_attributes().items() if value is not None}
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
    data = event.get_data()
    text = data.decode(errors="replace") if isinstance(data, bytes) else str(data or "")
    return envelope, text, attributes.get("dataref", "")


def render(
    envelope: Envelope, schema: str, data: bytes, *, dataref: str = "", overrides: Mapping[str, str] | None = None
) -> tuple[dict[str, str], bytes]:
    """Write an event in binary mode.

    Args:
        envelope: Its context.
        schema: URI of its data's schema; empty if there is no such thing.
        data: Its data as JSON text; empty when *dataref* says where it is.
        dataref: Where the data is, when it is too large for the broker.
        overrides: Extensions that `K_CE_OVERRIDES` asks for.

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
        **(overrides or {}),
    }
    present = {name: value for name, value in attributes.items() if value}
    headers, body = to_binary(CloudEvent(present, data or None), data_marshaller=lambda raw: raw)
    return dict(headers), body or b""
