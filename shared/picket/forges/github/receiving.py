"""GitHub's webhooks.

Source: https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from picket.forges.github.payloads import parse
from picket.webhooks.receiving import Receiving
from picket.webhooks.signatures import by_hmac

_FIELDS = (("x-hub-signature-256", "sha256="),)


def is_signed(headers: Mapping[str, str], body: bytes, secrets: Iterable[str], _clock: float = 0) -> bool:
    """Return whether one of *secrets* made `X-Hub-Signature-256: sha256=<hex of HMAC-SHA-256 of the body>`."""
    return by_hmac(_FIELDS, headers, body, secrets)


def _named(headers: Mapping[str, str], _payload: dict[str, Any]) -> tuple[str, str]:
    return headers.get("x-github-delivery", ""), headers.get("x-github-event", "")


RECEIVING = Receiving(is_signed=is_signed, named=_named, interpret=parse)
