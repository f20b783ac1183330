"""Deliveries that are signed for a certificate which they name: fetching that, and who may speak through a webhook."""

from __future__ import annotations

from picket.effects.forge import certificates
from picket.effects.mongo import speakers
from picket.errors import Unauthorized
from picket.webhooks.receiving import Certified, Payload


def is_signed(certified: Certified, body: bytes, clock: float) -> bool:
    """Return whether a delivery was signed for the certificate that it names.

    Raises:
        TransientError: The certificate cannot be had now.
    """
    url = certified.certificate_url(body)
    if not url:
        return False
    try:
        return certified.is_signed(body, certificates.certificate(url), clock)
    except Unauthorized:
        return False


def admit(webhook: str, certified: Certified, payload: Payload) -> None:
    """Take a delivery of who speaks through a webhook; the first one that is to be confirmed does from then on.

    It is pinned before it is confirmed: a confirmation that fails comes again, and nobody else gets in meanwhile.

    Raises:
        TransientError: It cannot be confirmed now.
        Unauthorized: Somebody else speaks through the webhook, or nobody yet.
    """
    speaker, url = certified.speaker(payload), certified.confirmation_url(payload)
    if url and speaker and speakers.pin(webhook, speaker):
        certificates.confirm(url)
        return
    if not speakers.speaks(webhook, speaker):
        raise Unauthorized("unknown token or wrong signature")
