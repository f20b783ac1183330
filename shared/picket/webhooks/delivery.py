"""A delivery as it came in."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from picket.errors import Malformed, Unauthorized, WrongMediaType
from picket.webhooks.receiving import Receiving

MAX_BODY_BYTES = 25 * 1024 * 1024
"""GitHub sends nothing larger; what is larger is answered 413."""
_MAX_NAME = 200
MAX_NESTING = 100
"""Forges' payloads have about ten levels."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A verified delivery: the sender's own id and event name, and the body as a JSON object."""

    id: str
    event: str
    payload: dict[str, Any]


def parse(receiving: Receiving, headers: Mapping[str, str], body: bytes) -> Delivery:
    """Read a delivery whose signature was verified.

    Raises:
        Malformed: The body is not a JSON object, or what names the delivery is missing.
        WrongMediaType: The content type is neither JSON nor a form.
    """
    payload = _payload(headers.get("content-type", ""), body, receiving.media_types)
    names = receiving.named(headers, payload)
    if not all(0 < len(name) <= _MAX_NAME and name.isascii() and name.isprintable() for name in names):
        raise Malformed("delivery id or event name is missing or not plain text")
    return Delivery(*names, receiving.completed(headers, payload))


def check_scope(scope: str, name: str) -> None:
    """Refuse a repository that the sender may not speak for.

    Args:
        scope: `host/owner` or `host/owner/name`; empty admits any.
        name: Canonical name of the repository.

    Raises:
        Unauthorized: It is outside the scope.
    """
    if scope and name != scope and not name.startswith(f"{scope}/"):
        raise Unauthorized(f"the source speaks for {scope} only")


def delivery_key(source: str, delivery: str) -> str:
    """Return the deterministic id of a delivery of a source: 64 hex digits."""
    return hashlib.sha256(f"{source}|{delivery}".encode()).hexdigest()


def check_sendable(value: object) -> None:
    """Refuse what JSON allows but no event can carry.

    Raises:
        ValueError: Text that is no Unicode (a lone surrogate), or nesting beyond `MAX_NESTING`.
    """
    level = [value]
    for _ in range(MAX_NESTING):
        deeper: list[object] = []
        for item in level:
            if isinstance(item, str):
                item.encode()
            elif isinstance(item, dict):
                deeper += [*item.keys(), *item.values()]
            elif isinstance(item, list):
                deeper += item
        if not deeper:
            return
        level = deeper
    raise ValueError("nested too deeply")


def _payload(content_type: str, body: bytes, also: frozenset[str]) -> dict[str, Any]:
    kind = content_type.split(";", 1)[0].strip().lower()
    try:
        if kind == "application/x-www-form-urlencoded":
            fields = parse_qs(body.decode(), strict_parsing=True, max_num_fields=10)
            text = fields["payload"][0]
        elif kind == "application/json" or kind in also:
            text = body.decode()
        else:
            raise WrongMediaType("content type must be application/json or application/x-www-form-urlencoded")
        payload = json.loads(text)
        check_sendable(payload)
    except (ValueError, KeyError, RecursionError):
        raise Malformed("body is not JSON") from None
    if not isinstance(payload, dict):
        raise Malformed("body is not a JSON object")
    return payload
