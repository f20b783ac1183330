"""Forgejo's webhooks: Gitea's, by names of its own and by Gitea's.

Source: https://forgejo.org/docs/latest/user/webhooks/
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from picket.forges.gitea.payloads import parse
from picket.webhooks.receiving import Payload, Receiving
from picket.webhooks.signatures import by_hmac, named

_FIELDS = (("x-forgejo-signature", ""), ("x-gitea-signature", ""), ("x-hub-signature-256", "sha256="))


def is_signed(headers: Mapping[str, str], body: bytes, secrets: Iterable[str], _clock: float = 0) -> bool:
    """Return whether one of *secrets* made `X-Forgejo-Signature`, the bare digits of HMAC-SHA-256 of the body."""
    return by_hmac(_FIELDS, headers, body, secrets)


def _first(headers: Mapping[str, str], *fields: str) -> str:
    """Return the first of these fields that is there, by Forgejo's name or Gitea's."""
    names = [f"x-{forge}-{field}" for field in fields for forge in ("forgejo", "gitea")]
    return next((headers[name] for name in names if headers.get(name)), "")


def _named(headers: Mapping[str, str], payload: Payload) -> tuple[str, str]:
    return named(_first(headers, "delivery"), _first(headers, "event-type", "event"), payload)


RECEIVING = Receiving(is_signed=is_signed, named=_named, interpret=parse)
