"""Harbor's webhooks, which sign nothing: the secret is what its "auth header" sends as `Authorization`.

Images are not scanned yet, so what they tell is taken and ignored.

Source: https://goharbor.io/docs/main/working-with-projects/project-configuration/configure-webhooks/
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from picket.webhooks.events import IMAGES, Ignored
from picket.webhooks.receiving import Payload, Receiving
from picket.webhooks.signatures import by_value, named, password

_SCHEMES = ("bearer ", "basic ")


def is_signed(headers: Mapping[str, str], _body: bytes, secrets: Iterable[str], _clock: float = 0) -> bool:
    """Return whether one of *secrets* is the value of `Authorization`, its bearer token or its password."""
    value = headers.get("authorization", "")
    scheme = next((one for one in _SCHEMES if value.lower().startswith(one)), "")
    return by_value([value, value[len(scheme) :].strip(), password(headers)], list(secrets))


def _named(_headers: Mapping[str, str], payload: Payload) -> tuple[str, str]:
    """Return id and event: only deliveries in the format of CloudEvents have an id."""
    return named(payload.get("id"), payload.get("type"), payload)


def _interpret(_event: str, _payload: Payload) -> tuple[Ignored]:
    return (Ignored(IMAGES),)


RECEIVING = Receiving(
    is_signed=is_signed,
    named=_named,
    interpret=_interpret,
    media_types=frozenset({"application/cloudevents+json"}),
    busy=503,
)
