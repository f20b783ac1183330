"""CloudEvents 1.0 over HTTP, binary and structured, and how one is kept in the stream. Pure and quick.

Attributes are kept in the form HTTP headers have: what a sender percent-encoded stays so, as through the genuine
ingress. Source: CloudEvents 1.0.2, HTTP protocol binding 3.1 and 3.2, JSON event format 2 and 3.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from pydantic_core import from_json

from picket.errors import Malformed

RawHeaders = Iterable[tuple[bytes, bytes]]

_NAME = re.compile(r"[a-z0-9]+", re.ASCII)
_RFC_3339 = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(?:\.(\d{1,9})\d*)?(Z|z|[+-]\d\d:\d\d)",
    re.ASCII,
)
# Everything that is not white space, or is inside a string. Possessive, so linear in the input.
_COMPACT = re.compile(rb'[^"\s]*+(?:"[^"\\]*+(?:\\.[^"\\]*+)*+"[^"\s]*+)*+', re.DOTALL)
_STRING_OR_SPACE = re.compile(rb'("[^"\\]*+(?:\\.[^"\\]*+)*+")|\s+', re.DOTALL)
_PRINTABLE = "".join(map(chr, range(0x20, 0x7F)))

ENVELOPE_ALLOWANCE = 64
"""Bytes that braces, quotes and member names add around the data of a structured event."""


@dataclass(frozen=True, slots=True)
class CloudEvent:
    """One event: its context attributes (`datacontenttype` among them) and its data."""

    attributes: dict[str, str]
    data: bytes

    def headers(self) -> list[tuple[str, str]]:
        """Return the headers of the event in binary mode."""
        content_type = self.attributes.get("datacontenttype")
        found = [(f"ce-{name}", _escape(value)) for name, value in self.attributes.items() if name != "datacontenttype"]
        return found if content_type is None else [*found, ("content-type", _escape(content_type))]

    def extended(self, **attributes: str) -> CloudEvent:
        """Return the event with these *attributes* set."""
        return CloudEvent({**self.attributes, **attributes}, self.data)

    def structured(self) -> bytes:
        """Return the event in structured mode, as JSON."""
        members: dict[str, object] = dict(self.attributes)
        if self.data and is_json(self.attributes.get("datacontenttype", "application/json")):
            members["data"] = json.loads(self.data)
        elif self.data:
            members["data_base64"] = base64.b64encode(self.data).decode()
        return json.dumps(members, ensure_ascii=False, separators=(",", ":")).encode()

    def pack(self) -> bytes:
        """Return the event as one stream message: a line of attributes, then the data as it is."""
        return json.dumps(self.attributes, ensure_ascii=False, separators=(",", ":")).encode() + b"\n" + self.data

    @property
    def structured_size(self) -> int:
        """Bytes of the event in structured JSON, the form in which the genuine channel keeps it."""
        content_type = self.attributes.get("datacontenttype", "application/json")
        plain = is_json(content_type) or content_type.startswith("text/")
        size = len(self.data) if plain else (len(self.data) + 2) // 3 * 4
        return size + sum(len(name) + len(value) + 6 for name, value in self.attributes.items()) + ENVELOPE_ALLOWANCE


def unpack(message: bytes) -> CloudEvent:
    """Return the event that `pack` made *message* of.

    Raises:
        ValueError: It is of other making.
    """
    line, _, data = message.partition(b"\n")
    attributes = json.loads(line)
    if not isinstance(attributes, dict) or not {"id", "type"} <= attributes.keys():
        raise ValueError("no event")
    return CloudEvent(attributes, data)


def is_event(headers: RawHeaders) -> bool:
    """Return whether *headers* announce a CloudEvent in either mode."""
    return any(
        name.lower() == b"ce-specversion"
        or (name.lower() == b"content-type" and value.lower().startswith(b"application/cloudevents"))
        for name, value in headers
    )


def from_http(headers: RawHeaders, body: bytes) -> CloudEvent:
    """Parse a message in binary or structured mode.

    Raises:
        Malformed: It is no CloudEvent 1.0.
    """
    attributes: dict[str, str] = {}
    content_type: str | None = None
    try:
        for raw, value in headers:
            name = raw.lower()
            if name.startswith(b"ce-"):
                attributes[name[3:].decode()] = value.decode()
            elif name == b"content-type":
                content_type = value.decode()
    except UnicodeDecodeError as error:
        raise Malformed("a header is not UTF-8") from error
    if content_type is not None and content_type.lower().startswith("application/cloudevents"):
        return _structured(content_type, body)
    if content_type is not None:
        attributes["datacontenttype"] = content_type
    return CloudEvent(_checked(attributes), body)


def is_json(content_type: str) -> bool:
    """Return whether data of *content_type* is JSON."""
    media_type = content_type.partition(";")[0].strip().lower()
    return media_type in {"application/json", "text/json"} or media_type.endswith("+json")


def compact_json(data: bytes) -> bytes:
    """Return JSON text without white space between tokens, every token as it was.

    Raises:
        Malformed: *data* is not JSON.
    """
    try:
        from_json(data, allow_inf_nan=False, cache_strings="none")
    except ValueError as error:
        raise Malformed("the data is not JSON") from error
    if _COMPACT.fullmatch(data):
        return data
    return _STRING_OR_SPACE.sub(rb"\1", data)


def normalized_time(text: str) -> str:
    """Return an RFC 3339 time in UTC, to the nanosecond, without trailing zeros.

    Raises:
        Malformed: *text* is no RFC 3339 time.
    """
    match = _RFC_3339.fullmatch(text)
    if match is None:
        raise Malformed("time is not RFC 3339")
    day, clock, fraction, zone = match.groups()
    try:
        moment = datetime.fromisoformat(f"{day}T{clock}{zone.upper()}").astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Malformed("time is not RFC 3339") from error
    digits = (fraction or "").rstrip("0")
    return moment.strftime("%Y-%m-%dT%H:%M:%S").rjust(19, "0") + (f".{digits}" if digits else "") + "Z"


def _structured(content_type: str, body: bytes) -> CloudEvent:
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type != "application/cloudevents+json":
        raise Malformed(f"{media_type} is not an event format understood here")
    try:
        members = from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise Malformed("the structured event is not JSON") from error
    if not isinstance(members, dict):
        raise Malformed("the structured event is not a JSON object")
    data = _structured_data(members)
    attributes = {
        name: _attribute_text(name, value)
        for name, value in members.items()
        if value is not None and name not in {"data", "data_base64"}
    }
    return CloudEvent(_checked(attributes), data)


def _structured_data(members: dict[str, Any]) -> bytes:
    if members.get("data_base64") is not None:
        if "data" in members:
            raise Malformed("both data and data_base64")
        try:
            return base64.b64decode(members["data_base64"], validate=True)
        except (binascii.Error, TypeError, ValueError) as error:
            raise Malformed("data_base64 is not base64") from error
    if "data" not in members:
        return b""
    if members.get("datacontenttype") is None:
        members["datacontenttype"] = "application/json"  # what the format implies
    data, content_type = members["data"], members["datacontenttype"]
    if isinstance(data, str) and not (isinstance(content_type, str) and is_json(content_type)):
        return data.encode()
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()


def _attribute_text(name: str, value: object) -> str:
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case _:
            raise Malformed(f"attribute {name} is neither string, integer nor boolean")


def _checked(attributes: dict[str, str]) -> dict[str, str]:
    if attributes.get("specversion") != "1.0":
        raise Malformed("specversion is not 1.0")
    for required in ("id", "source", "type"):
        if not attributes.get(required):
            raise Malformed(f"attribute {required} is missing or empty")
    for name in attributes:
        if not _NAME.fullmatch(name):
            raise Malformed("an attribute's name has other characters than a-z and 0-9")
    if "time" in attributes:
        normalized_time(attributes["time"])
    return attributes


def _escape(value: str) -> str:
    """Percent-encode what a header cannot carry; what is printable ASCII stays."""
    if value.isascii() and value.isprintable():
        return value
    return quote(value, safe=_PRINTABLE)
