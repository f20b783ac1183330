"""How deliveries prove who sent them, where several senders do it the same way."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping

from picket.webhooks.receiving import Payload, any_equal

MOST_NAME = 200
"""Characters of a delivery's id and of the name of its event."""
UNKNOWN = "unknown"
"""Name of an event whose sender does not say which, or says it in a way that no name is written."""


def by_hmac(fields: Iterable[tuple[str, str]], headers: Mapping[str, str], body: bytes, secrets: Iterable[str]) -> bool:
    """Return whether one of *secrets* made the HMAC-SHA-256 of the body, in hexadecimal digits, in a header field.

    Args:
        fields: Names of header fields, each with what comes before the digits.
        headers: The delivery's, names in lower case.
        body: The delivery's, raw.
        secrets: Those valid now; an empty one proves nothing.
    """
    made = [hmac.new(secret.encode(), body, hashlib.sha256).hexdigest().encode() for secret in secrets if secret]
    given = [(headers.get(name, ""), prefix) for name, prefix in fields]
    return any_equal(made, [_rest(value, prefix).encode(errors="replace") for value, prefix in given])


def by_value(given: Iterable[str], secrets: Iterable[str]) -> bool:
    """Return whether something that was given is one of *secrets*; nothing, or an empty secret, proves nothing."""
    return any_equal((one.encode() for one in secrets if one), (one.encode(errors="replace") for one in given if one))


def password(headers: Mapping[str, str]) -> str:
    """Return the password of Basic authentication, empty without one. Source: RFC 7617."""
    scheme, _, value = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(value.strip(), validate=True).decode().partition(":")[2]
    except (binascii.Error, ValueError):
        return ""


def named(identity: object, event: object, payload: Payload) -> tuple[str, str]:
    """Return what a delivery is called where its sender leaves out or misspells names: refusing it would cost the hook.

    Without an id of its own, one is made of the payload: the same body is the same delivery.
    """
    name = identity if _is_name(identity) else _digest(payload)
    return str(name), str(event) if _is_name(event) else UNKNOWN


def _is_name(text: object) -> bool:
    return isinstance(text, str) and 0 < len(text) <= MOST_NAME and text.isascii() and text.isprintable()


def _digest(payload: Payload) -> str:
    return hashlib.sha256(json.dumps(payload, sort_keys=True).encode(errors="replace")).hexdigest()


def _rest(value: str, prefix: str) -> str:
    return value.removeprefix(prefix) if value.startswith(prefix) else ""
