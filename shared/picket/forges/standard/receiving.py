"""Standard Webhooks.

Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import secrets as randomness
from collections.abc import Iterable, Mapping
from typing import Any

from picket.forges.standard.payloads import parse
from picket.webhooks.receiving import SECRET_BYTES, Receiving, any_equal

TOLERANCE_SECONDS = 300
"""Source: the specification, "Verifying webhook authenticity": five minutes either way."""
_PREFIX = "whsec_"
_STAMP = re.compile(r"[0-9]{1,12}")


def is_signed(headers: Mapping[str, str], body: bytes, secrets: Iterable[str], clock: float) -> bool:
    """Return whether one of *secrets* made a signature: `v1,<base64>` over `id.timestamp.body`, or a list of them."""
    name, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not name or not _STAMP.fullmatch(stamp) or abs(clock - int(stamp)) > TOLERANCE_SECONDS:
        return False
    signed = f"{name}.{stamp}.".encode() + body
    given = [item.encode(errors="replace") for item in headers.get("webhook-signature", "").split()]
    return any_equal((_v1(secret, signed) for secret in secrets), given)


def _v1(secret: str, signed: bytes) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except binascii.Error:
        key = secret.encode()
    return b"v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest())


def _named(headers: Mapping[str, str], payload: dict[str, Any]) -> tuple[str, str]:
    return headers.get("webhook-id", ""), str(payload.get("type", ""))


def new_secret() -> str:
    """Return a new secret: `whsec_` and base64 of 24 to 64 bytes."""
    return _PREFIX + base64.b64encode(randomness.token_bytes(SECRET_BYTES)).decode()


RECEIVING = Receiving(is_signed=is_signed, named=_named, interpret=parse, new_secret=new_secret)
