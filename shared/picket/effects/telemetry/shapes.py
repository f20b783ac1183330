"""What may stand in a log line, a span or a label: text that has the shape of something known to hold no secret.

Events come from anybody who reaches the broker, and any of their attributes may hold anything.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable

_ID = re.compile(
    r"(?:scan-)?[0-9a-f]{32,64}"  # ours: SHA-256, halves of it, and UUIDs without dashes
    r"|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"  # UUIDs, as GitHub and Knative make them
    r"|[a-z-]{1,63}/[a-z-]{1,63}/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00"  # a PingSource of the one-machine stack
)
_TYPE = re.compile(r"dev\.(?:picket|knative)(?:\.[a-z_]{1,32}){1,6}(?:\.v\d{1,3})?")
_NAME = re.compile(r"[a-z][a-z0-9-]{0,62}")
_TRACEPARENT = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}")
_REPOSITORY = re.compile(r"(?:[a-z0-9.-]+(?::\d{1,5})?|local)(?:/[\w.~%-]{1,200}){1,20}")
_USERINFO = re.compile(r"(?<=//)[^/@\s]+@")
_TOKEN = re.compile(r"(?=[\w+=~%-]*\d)(?=[\w+=~%-]*[A-Za-z])[\w+=~%-]{16,}", re.ASCII)
"""What credentials look like: 16 characters or more, letters and digits. The shortest of the shipped rules have 20."""
_WORD_BREAKS = re.compile(r"[-_.~%]")
"""A name such as `service-v2-2024-rewrite` is long and has digits, but no part of it is a token."""

MAX_TEXT = 500
"""Characters of one text in a log line."""
OTHER = "other"
_HEX = re.compile(r"[0-9a-f]{16}(?:[0-9a-f]{16})?")


def identifier(text: str) -> str:
    """Return an id of a shape that is made here; of any other, a hash to recognise it by."""
    return text if not text or _ID.fullmatch(text) else f"sha256:{_hash(text)}"


def event_type(text: str) -> str:
    """Return the type of an event of Picket or Knative, `other` for any other."""
    return text if _TYPE.fullmatch(text) else OTHER


def name(text: str) -> str:
    """Return a name as Kubernetes has them (RFC 1123 label), `other` for anything else."""
    return text if _NAME.fullmatch(text) else OTHER


def repository(text: str) -> str:
    """Return a repository's id, `host/owner/name`; a hash where it has another shape or holds what could be a token."""
    words = (word for part in text.split("/") for word in _WORD_BREAKS.split(part))
    plain = _REPOSITORY.fullmatch(text) and not any(map(_TOKEN.fullmatch, words))
    return text if not text or plain else f"sha256:{_hash(text)}"


def trace_or_span(text: str) -> str:
    """Return the id of a trace or a span (32 or 16 hex digits), "" for anything else."""
    return text if _HEX.fullmatch(text) else ""


def trace_id(traceparent: str) -> str:
    """Return the trace id of a W3C trace context (32 hex digits), "" where it is invalid."""
    match = _TRACEPARENT.fullmatch(traceparent)
    return match[1] if match else ""


def is_traceparent(text: str) -> bool:
    """Return whether *text* is a W3C trace context, version 00."""
    return _TRACEPARENT.fullmatch(text) is not None


def prose(text: str) -> str:
    """Return *text* without credentials in URLs and without anything that could be a token; ids of ours stay."""
    masked = _TOKEN.sub(lambda found: found[0] if _ID.fullmatch(found[0]) else "***", _USERINFO.sub("***@", text))
    return masked if len(masked) <= MAX_TEXT else f"{masked[:MAX_TEXT]}…"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()[:16]


CHECKS: dict[str, Callable[[str], str]] = {
    "event": identifier,
    "correlationid": identifier,
    "causationid": identifier,
    "scan": identifier,
    "batch": identifier,
    "finding": identifier,
    "delivery": identifier,
    "rejection": identifier,
    "trace_id": trace_or_span,
    "span_id": trace_or_span,
    "type": event_type,
    "repository": repository,
    "trigger": name,
    "function": name,
}
"""How a field of a log line or a span is checked, by its name; every other text is `prose`."""


def checked(field: str, value: object) -> object:
    """Return *value* as it may be shown under the name *field*."""
    match value:
        case None | bool() | int() | float():
            return value
        case str():
            return CHECKS.get(field, prose)(value)
        case list() | tuple():
            return [checked(field, item) for item in value[:50]]
        case _:
            return type(value).__name__
