"""Bitbucket Data Center's webhooks.

Source: https://confluence.atlassian.com/bitbucketserver/manage-webhooks-938025878.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from picket.forges.bitbucket_datacenter.payloads import PING, parse
from picket.webhooks.receiving import Payload, Receiving
from picket.webhooks.signatures import by_hmac, named

_FIELDS = (("x-hub-signature", "sha256="),)


def is_signed(headers: Mapping[str, str], body: bytes, secrets: Iterable[str], _clock: float = 0) -> bool:
    """Return whether one of *secrets* made `X-Hub-Signature: sha256=<hex of HMAC-SHA-256 of the body>`."""
    return by_hmac(_FIELDS, headers, body, secrets)


def _named(headers: Mapping[str, str], payload: Payload) -> tuple[str, str]:
    return named(headers.get("x-request-id"), headers.get("x-event-key"), payload)


def _is_ping(headers: Mapping[str, str], _body: bytes) -> bool:
    """Return whether it is a test of the connection, which comes without a signature.

    Source: https://github.com/runatlantis/atlantis/issues/474
    """
    return headers.get("x-event-key") == PING


RECEIVING = Receiving(is_signed=is_signed, named=_named, interpret=parse, is_harmless_ping=_is_ping)
