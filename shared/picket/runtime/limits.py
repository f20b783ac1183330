"""How many requests a minute are answered to one token, and taken of one source.

A replica counts for itself, in its own memory: nothing is asked of the store, and max-scale bounds the whole. Whoever
is not known is not counted. Behind Knative's proxies every peer is the proxy, `X-Forwarded-For` is whatever the caller
wrote into it, and one count for all strangers would let any of them lock the others out. What a stranger costs is
bounded by other means: a token of the wrong shape is refused unread, one of the right shape costs one look-up by `_id`,
and a replica answers no more requests at once than its containerConcurrency.
"""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass

from flask import Response

from picket.errors import PicketError
from picket.runtime.problems import problem

MINUTE = 60.0
MAX_KEYS = 10_000
"""Keys that are remembered, the last used ones; a forgotten one starts anew."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is left to a key: whole requests now, seconds until all of them are there, and, if 0 are, until one is."""

    limit: int
    left: int
    full_after: float
    refused_for: float = 0.0

    @property
    def headers(self) -> dict[str, str]:
        """The header fields that tell a client.

        Source: draft-ietf-httpapi-ratelimit-headers-10, "RateLimit header fields for HTTP", sections 3 and 4.
        """
        until = self.refused_for or self.full_after
        return {
            "RateLimit-Policy": f'"minute";q={self.limit};w={MINUTE:.0f}',
            "RateLimit": f'"minute";r={self.left};t={math.ceil(until)}',
        }

    def refusal(self, what: str, status: int = 429) -> Response:
        """Return the 429, or another *status*, for *what* there is too much of."""
        answer = problem(status, f"too many {what}: {self.limit} a minute are answered")
        answer.headers["Retry-After"] = str(math.ceil(self.refused_for))
        answer.headers.update(self.headers)
        return answer


class Exceeded(PicketError):
    """More was sent than is taken in a minute; `answer` says so."""

    def __init__(self, answer: Response) -> None:
        super().__init__("over the limit")
        self.answer = answer


class Buckets:
    """Token buckets, as large as a minute's worth, one for each key.

    Kept as the generic cell rate algorithm does, in one number a key: the time at which its bucket will be full. A
    library's would run a thread a bucket, or keep every key for ever.

    Source: ITU-T I.371, annex A, "virtual scheduling".
    """

    def __init__(self, max_keys: int = MAX_KEYS) -> None:
        self._full_at: OrderedDict[str, float] = OrderedDict()
        self._max_keys = max_keys
        self._lock = threading.Lock()

    def take(self, key: str, per_minute: int, clock: float) -> Allowance:
        """Take one request from the bucket of *key*, if it has one.

        Args:
            key: Whose bucket.
            per_minute: Its size, and how many flow in each minute; at least 1.
            clock: Seconds of a clock that does not go back.
        """
        each = MINUTE / per_minute
        with self._lock:
            full_at = max(self._full_at.pop(key, clock), clock)
            after = full_at + each
            # A thousandth of a request, so that rounding never takes one away.
            allowed = after - clock <= MINUTE + each / 1_000
            self._full_at[key] = after if allowed else full_at
            if len(self._full_at) > self._max_keys:
                self._full_at.popitem(last=False)
        if not allowed:
            return Allowance(per_minute, 0, full_at - clock, after - clock - MINUTE)
        return Allowance(per_minute, int((MINUTE - (after - clock)) / each + 0.001), after - clock)


_buckets = Buckets()


def take(key: str, per_minute: int) -> Allowance | None:
    """Count one request of *key*; None where there is no limit (0)."""
    return _buckets.take(key, per_minute, time.monotonic()) if per_minute else None


def spend(key: str, per_minute: int, what: str, status: int = 429) -> None:
    """Count one of *what* comes from *key*; *status* is what is answered to one too many.

    Raises:
        Exceeded: There were too many in the last minute.
    """
    allowance = take(key, per_minute)
    if allowance and allowance.refused_for:
        raise Exceeded(allowance.refusal(what, status))
