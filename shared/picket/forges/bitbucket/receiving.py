"""Bitbucket Cloud's webhooks.

Source: https://support.atlassian.com/bitbucket-cloud/docs/manage-webhooks/
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from picket.forges.bitbucket.payloads import parse
from picket.webhooks.receiving import Payload, Receiving
from picket.webhooks.signatures import by_hmac, named

_FIELDS = (("x-hub-signature", "sha256="),)


def is_signed(headers: Mapping[str, str], body: bytes, secrets: Iterable[str], _clock: float = 0) -> bool:
    """Return whether one of *secrets* made `X-Hub-Signature: sha256=<hex of HMAC-SHA-256 of the body>`."""
    return by_hmac(_FIELDS, headers, body, secrets)


def _named(headers: Mapping[str, str], payload: Payload) -> tuple[str, str]:
    return named(headers.get("x-request-uuid"), headers.get("x-event-key"), payload)


RECEIVING = Receiving(is_signed=is_signed, named=_named, interpret=parse, busy=503)
