"""GitLab's webhooks.

Source: https://docs.gitlab.com/user/project/integrations/webhooks/
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from picket.forges.gitlab.payloads import INSTANCE, kind, parse
from picket.forges.standard import receiving as standard
from picket.webhooks.receiving import Payload, Receiving
from picket.webhooks.signatures import by_value, named


def is_signed(headers: Mapping[str, str], body: bytes, secrets: Iterable[str], clock: float) -> bool:
    """Return whether one of *secrets* is the delivery's `X-Gitlab-Token`, or has signed it by Standard Webhooks.

    The former is the "secret token" of a hook, the latter its "signing token", which GitLab has since version 19.
    """
    known = [secret for secret in secrets if secret]
    is_told = by_value([headers.get("x-gitlab-token", "")], known)
    return standard.is_signed(headers, body, known, clock) or is_told


def _named(headers: Mapping[str, str], payload: Payload) -> tuple[str, str]:
    """Return the delivery's id: it stays as it is when GitLab tries again or somebody resends it.

    `webhook-id` comes first, since a signature covers it; `Idempotency-Key` is the same one. Versions before 17.4 have
    neither: `X-Gitlab-Event-UUID` is shared by the deliveries that one of them leads to, so it is not used.
    """
    identity = headers.get("webhook-id") or headers.get("idempotency-key")
    return named(identity, headers.get("x-gitlab-event") or kind(payload), payload)


def _completed(headers: Mapping[str, str], payload: Payload) -> Payload:
    instance = headers.get("x-gitlab-instance", "")
    told = {name: value for name, value in payload.items() if name != INSTANCE}
    return {**told, INSTANCE: instance} if instance else told


RECEIVING = Receiving(
    is_signed=is_signed,
    named=_named,
    interpret=parse,
    new_secret=standard.new_secret,
    completed=_completed,
    busy=503,
)
