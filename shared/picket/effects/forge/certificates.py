"""What a sender wants fetched before it is believed, or before it begins: certificates and confirmations.

Which URLs those may be, its folder in `forges` decides; no redirect is followed.
"""

from __future__ import annotations

import time

from picket.context import context
from picket.effects import exchange
from picket.effects.exchange import Answer, Limits, Outgoing
from picket.effects.forge import transport
from picket.errors import PermanentError, TransientError, Unauthorized

_SECONDS = 8.0
"""SNS waits for fifteen."""
_SIZE = 64 * 1024
_KEPT = 100
_OK = 200


@context.last(_KEPT)
def certificate(url: str) -> bytes:
    """Return the certificate at *url*, in PEM; this process asks for it once.

    Raises:
        TransientError: It cannot be had now.
        Unauthorized: It is not there.
    """
    return _get(url).body


def confirm(url: str) -> None:
    """Fetch what a sender waits for.

    Raises:
        TransientError: There was no answer.
        Unauthorized: The answer was no.
    """
    _get(url)


def _get(url: str) -> Answer:
    limits = Limits(time.monotonic() + _SECONDS, _SECONDS, _SIZE)
    request = Outgoing("GET", url, {"User-Agent": "picket", "Accept": "*/*"})
    try:
        answer = exchange.send(request, transport.addresses(transport.origin_of(url)), limits)
    except PermanentError as error:
        raise Unauthorized("what the delivery names cannot be fetched") from error
    if answer.status >= 500 or answer.status == 429:  # noqa: PLR2004 - HTTP's server errors, and too many requests
        raise TransientError(f"what the delivery names is answered {answer.status}")
    if answer.status != _OK:
        raise Unauthorized("what the delivery names is not there")
    return answer
