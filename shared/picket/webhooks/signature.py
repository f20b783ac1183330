"""Signatures over the raw bytes of a delivery, compared in constant time."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping

_STAMP = re.compile(r"[0-9]{1,12}")
TOLERANCE_SECONDS = 300
"""Source: Standard Webhooks specification, "Verifying webhook authenticity": five minutes either way."""


def github(headers: Mapping[str, str], body: bytes, secrets: Iterable[str]) -> bool:
    """Check GitHub's `X-Hub-Signature-256: sha256=<hex of HMAC-SHA-256 of the body>`.

    Args:
        headers: HTTP headers, names in lower case.
        body: The body as received.
        secrets: Secrets any of which may have signed.
    """
    given = headers.get("x-hub-signature-256", "").encode(errors="replace")
    return _any_equal(
        (f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}".encode() for secret in secrets),
        [given],
    )


def standard(headers: Mapping[str, str], body: bytes, secrets: Iterable[str], clock: float) -> bool:
    """Check a Standard Webhooks signature: `v1,<base64>` over `id.timestamp.body`, a space-separated list of them.

    Args:
        headers: HTTP headers, names in lower case.
        body: The body as received.
        secrets: `whsec_…` secrets any of which may have signed.
        clock: Unix time now; a timestamp further away than five minutes is refused.

    Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
    """
    name, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not name or not _STAMP.fullmatch(stamp) or abs(clock - int(stamp)) > TOLERANCE_SECONDS:
        return False
    signed = f"{name}.{stamp}.".encode() + body
    given = [item.encode(errors="replace") for item in headers.get("webhook-signature", "").split()]
    return _any_equal((_v1(secret, signed) for secret in secrets), given)


def _v1(secret: str, signed: bytes) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        key = secret.encode()
    return b"v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest())


def _any_equal(expected: Iterable[bytes], given: Iterable[bytes]) -> bool:
    """Compare every pair, so that the time taken tells nothing of which one matched."""
    offered = list(given)
    return any([hmac.compare_digest(one, other) for one in expected for other in offered])  # noqa: C419 - see above
