"""Receive webhooks: verify, deduplicate, hand to the broker."""

import time
from typing import Any

from picket.effects import broker
from picket.effects.mongo import sources
from picket.errors import Unauthorized
from picket.events import Envelope, WebhookReceived
from picket.runtime.intake import receives, traceparent
from picket.webhooks import delivery

_NOBODY = ("a secret that signs nothing",)


@receives(delivery.MAX_BODY_BYTES)
def main(provider: str, token: str, headers: dict[str, str], body: bytes) -> dict[str, Any]:
    """Accept a delivery once its signature is verified and the broker has its event."""
    source = sources.by_token(provider, token)
    secrets = source.secrets if source else _NOBODY  # an unknown token takes as long as a bad signature
    if not delivery.is_genuine(provider, headers, body, secrets, time.time()) or source is None:
        raise Unauthorized("unknown token or wrong signature")
    received = delivery.parse(provider, headers, body)
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
