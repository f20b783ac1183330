"""Docker Hub's webhooks, which prove nothing: the URL's token is all that tells them from a stranger's.

Images are not scanned yet, so what they tell is taken and ignored.

Source: https://docs.docker.com/docker-hub/repos/manage/webhooks/
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from picket.webhooks.events import IMAGES, Ignored
from picket.webhooks.receiving import Payload, Receiving
from picket.webhooks.signatures import named


def is_signed(_headers: Mapping[str, str], _body: bytes, _secrets: Iterable[str], _clock: float = 0) -> bool:
    """Return True: who has got here knows the URL, and there is nothing else to know."""
    return True


def _named(_headers: Mapping[str, str], payload: Payload) -> tuple[str, str]:
    return named(None, "push", payload)


def _interpret(_event: str, _payload: Payload) -> tuple[Ignored]:
    return (Ignored(IMAGES),)


RECEIVING = Receiving(is_signed=is_signed, named=_named, interpret=_interpret)
