"""What a sender of webhooks says of itself: a forge, or a tool."""

from __future__ import annotations

import hmac
import secrets as randomness
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from picket.webhooks.events import ForgeEvent

SECRET_BYTES = 32
Payload = dict[str, Any]


def _new_secret() -> str:
    return randomness.token_urlsafe(SECRET_BYTES)


@dataclass(frozen=True, slots=True)
class Certified:
    """How deliveries are verified that are signed for a certificate which each of them names.

    The signature proves who runs the service, not whose account it comes from: anybody may have the same service post
    to the same URL. So what speaks, such as a topic, is pinned to the webhook by the first one that is confirmed.

    Attributes:
        certificate_url: From the raw body to where its certificate is; empty where that is not the sender's own.
        is_signed: From the raw body, the certificate (PEM) and the Unix time to whether it was signed for that.
        speaker: From the payload to who speaks, empty where it does not say.
        confirmation_url: From the payload to what is to be fetched once so that the sender begins to send; empty where
            nothing is.
    """

    certificate_url: Callable[[bytes], str]
    is_signed: Callable[[bytes, bytes, float], bool]
    speaker: Callable[[Payload], str]
    confirmation_url: Callable[[Payload], str]


@dataclass(frozen=True, slots=True)
class Receiving:
    """How the webhooks of one sender are read.

    Attributes:
        is_signed: From headers (lower-case names), the raw body, the secrets valid now and the Unix time to whether one
            of the secrets signed it; it compares in constant time.
        named: From headers and payload to the delivery's own id and the name of its event, empty where missing.
        interpret: From the event's name and the payload to what it means, in order: several things where one delivery
            tells of several refs, none where another delivery tells it better. It raises `Malformed` where the payload
            does not have the shape that the sender documents, and `Unsupported` for an event that nothing reacts to.
        new_secret: Makes a secret in the form that the sender takes.
        completed: From headers and payload to the payload with what only a header tells; it is all that `interpret`
            gets to see.
        is_harmless_ping: From headers and body to whether it is the sender's test of the connection, which some send
            without a signature. It is answered, proves nothing and does nothing; a stranger may send it as well.
        media_types: Content types besides JSON and forms in which the sender posts JSON.
        busy: The status by which the sender is asked to come again: one that does not count as a refusal with it.
        certified: How deliveries are verified that are signed for a certificate which they name; None if they are not.
    """

    is_signed: Callable[[Mapping[str, str], bytes, Iterable[str], float], bool]
    named: Callable[[Mapping[str, str], Payload], tuple[str, str]]
    interpret: Callable[[str, Payload], Sequence[ForgeEvent]]
    new_secret: Callable[[], str] = _new_secret
    completed: Callable[[Mapping[str, str], Payload], Payload] = lambda _headers, payload: payload
    is_harmless_ping: Callable[[Mapping[str, str], bytes], bool] = lambda _headers, _body: False
    media_types: frozenset[str] = frozenset()
    busy: Literal[429, 503] = 429
    certified: Certified | None = None


def any_equal(expected: Iterable[bytes], given: Iterable[bytes]) -> bool:
    """Compare every pair, so that the time taken tells nothing of which one matched."""
    offered = list(given)
    return any([hmac.compare_digest(one, other) for one in expected for other in offered])  # noqa: C419 - see above
