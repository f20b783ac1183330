"""Receive webhooks: verify, deduplicate, hand to the broker."""

import time
from typing import Any

from picket.effects import broker
from picket.effects.mongo import sources
from picket.effects.senders import receiving
from picket.errors import Unauthorized
from picket.events import Envelope, WebhookReceived
from picket.runtime import limits
from picket.runtime.intake import receives, traceparent
from picket.settings import settings
from picket.webhooks import delivery

_NOBODY = ("github", ("a secret that signs nothing",))


@receives(delivery.MAX_BODY_BYTES)
def main(provider: str, token: str, headers: dict[str, str], body: bytes) -> dict[str, Any]:
    """Accept a delivery once its signature is verified and the broker has its event."""
    source = sender(provider, token, headers, body)
    limits.spend(source.id, settings().webhooks_per_minute, "deliveries of this source")
    received = delivery.parse(receiving(provider), headers, body)
    key = delivery.delivery_key(source.id, received.id)
    is_new = sources.record_delivery(key, source.id, received.event)
    root = Envelope(id=key, type="delivery", source=source.id, traceparent=traceparent(headers))
    with broker.caused_by(root):
        broker.emit(
            WebhookReceived(
                delivery=key,
                source=source.id,
                provider=provider,
                event=received.event,
                scope=source.scope,
                payload=received.payload,
            )
        )
    return {"delivery": key, "duplicate": not is_new}


def sender(provider: str, token: str, headers: dict[str, str], body: bytes) -> sources.Source:
    """Return the source that signed a delivery.

    Raises:
        Unauthorized: The token is unknown, or the signature is not the source's.
    """
    source = sources.cached_by_token(provider, token)
    if source is not None and not signed(source, headers, body):
        source = sources.by_token(provider, token)  # its secret may be a new one
    if not signed(source, headers, body) or source is None:
        raise Unauthorized("unknown token or wrong signature")
    return source


def signed(source: sources.Source | None, headers: dict[str, str], body: bytes) -> bool:
    """Return whether a delivery is signed by its source; that takes as long for an unknown token as for a known one."""
    provider, secrets = (source.provider, source.secrets) if source else _NOBODY
    return receiving(provider).is_signed(headers, body, secrets, time.time())
