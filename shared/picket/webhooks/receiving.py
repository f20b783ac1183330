"""What a sender of webhooks says of itself: a forge, or a tool."""

from __future__ import annotations

import hmac
import secrets as randomness
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from picket.webhooks.events import ForgeEvent

SECRET_BYTES = 32
Payload = dict[str, Any]


def _new_secret() -> str:
    return randomness.token_urlsafe(SECRET_BYTES)


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
    """

    is_signed: Callable[[Mapping[str, str], bytes, Iterable[str], float], bool]
    named: Callable[[Mapping[str, str], Payload], tuple[str, str]]
    interpret: Callable[[str, Payload], Sequence[ForgeEvent]]
    new_secret: Callable[[], str] = _new_secret


def any_equal(expected: Iterable[bytes], given: Iterable[bytes]) -> bool:
    """Compare every pair, so that the time taken tells nothing of which one matched."""
    offered = list(given)
    return any([hmac.compare_digest(one, other) for one in expected for other in offered])  # noqa: C419 - see above
