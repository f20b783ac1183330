"""Gitea's webhooks. Source: https://docs.gitea.com/usage/webhooks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from picket.forges.gitea.payloads import parse
from picket.webhooks.receiving import Payload, Receiving
from picket.webhooks.signatures import by_hmac, named

_FIELDS = (("x-gitea-signature", ""), ("x-hub-signature-256", "sha256="))


def is_signed(headers: Mapping[str, str], body: bytes, secrets: Iterable[str], _clock: float = 0) -> bool:
    """Return whether one of *secrets* made `X-Gitea-Signature`, the bare digits of HMAC-SHA-256 of the body."""
    return by_hmac(_FIELDS, headers, body, secrets)


def _named(headers: Mapping[str, str], payload: Payload) -> tuple[str, str]:
    """Return id and type of event: `pull_request_sync` is a type of the event `pull_request`."""
    event = headers.get("x-gitea-event-type") or headers.get("x-gitea-event")
    return named(headers.get("x-gitea-delivery"), event, payload)


RECEIVING = Receiving(is_signed=is_signed, named=_named, interpret=parse)
