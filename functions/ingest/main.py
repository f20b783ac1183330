"""Receive webhooks: verify, deduplicate, hand to the broker."""

import time
from typing import Any

from picket.effects import broker
from picket.effects.mongo import deliveries, webhooks
from picket.effects.senders import receiving
from picket.errors import Unauthorized
from picket.events import Envelope, WebhookReceived
from picket.orchestration import subscriptions
from picket.runtime import limits
from picket.runtime.intake import receives, traceparent
from picket.settings import settings
from picket.webhooks import delivery

_NOBODY = ("github", ("a secret that signs nothing",))


@receives(delivery.MAX_BODY_BYTES)
def main(provider: str, token: str, headers: dict[str, str], body: bytes) -> dict[str, Any]:
    """Accept a delivery once its signature is verified and the broker has its event."""
    webhook, how = sender(provider, token, headers, body), receiving(provider)
    if webhook is None:
        return {"ping": True}
    limits.spend(webhook.id, settings().webhooks_per_minute, "deliveries of this webhook", how.busy)
    received = delivery.parse(how, headers, body)
    if how.certified is not None:
        subscriptions.admit(webhook.id, how.certified, received.payload)
    key = delivery.delivery_key(webhook.id, received.id)
    root = Envelope(id=key, type="delivery", source=webhook.id, traceparent=traceparent(headers))
    with broker.caused_by(root):
        broker.emit(
            WebhookReceived(
                delivery=key,
                source=webhook.id,
                provider=provider,
                event=received.event,
                scope=webhook.scope,
                payload=received.payload,
            )
        )
    # Only now: what is noted counts as taken, and no forge is asked to send it again.
    is_new = deliveries.record(key, webhook.id, received.event)
    return {"delivery": key, "duplicate": not is_new}


def sender(provider: str, token: str, headers: dict[str, str], body: bytes) -> webhooks.Known | None:
    """Return the webhook that signed a delivery; None for a test of the connection to one, which does nothing.

    Raises:
        Unauthorized: The token is unknown, or the signature is not the webhook's.
    """
    webhook = webhooks.cached_by_token(provider, token)
    if webhook is not None and receiving(provider).is_harmless_ping(headers, body):
        return None
    if webhook is not None and not signed(webhook, headers, body):
        webhook = webhooks.by_token(provider, token)  # its secret may be a new one
    if not signed(webhook, headers, body) or webhook is None:
        raise Unauthorized("unknown token or wrong signature")
    return webhook


def signed(webhook: webhooks.Known | None, headers: dict[str, str], body: bytes) -> bool:
    """Return whether a delivery is signed by its webhook; an unknown token takes as long as a known one."""
    provider, secrets = (webhook.provider, webhook.secrets) if webhook else _NOBODY
    how, clock = receiving(provider), time.time()
    if how.certified is not None:
        return subscriptions.is_signed(how.certified, body, clock)
    return how.is_signed(headers, body, secrets, clock)
