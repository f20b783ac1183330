"""Azure DevOps' service hooks, which sign nothing: the secret is a password, or the value of a header field.

Source: https://learn.microsoft.com/azure/devops/service-hooks/services/webhooks
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from picket.forges.azure.payloads import parse
from picket.webhooks.receiving import Payload, Receiving
from picket.webhooks.signatures import by_value, named, password

_FIELD = "x-picket-secret"


def is_signed(headers: Mapping[str, str], _body: bytes, secrets: Iterable[str], _clock: float = 0) -> bool:
    """Return whether one of *secrets* is the password of Basic authentication, or the field `X-Picket-Secret`."""
    return by_value([password(headers), headers.get(_FIELD, "")], list(secrets))


def _named(_headers: Mapping[str, str], payload: Payload) -> tuple[str, str]:
    return named(payload.get("id"), payload.get("eventType"), payload)


RECEIVING = Receiving(is_signed=is_signed, named=_named, interpret=parse, busy=503)
