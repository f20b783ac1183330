"""Requests to providers, about credentials of theirs: the only way in which a secret leaves a process."""

from __future__ import annotations

import time
from datetime import timedelta

from picket.commits.repository import RepositoryAddress
from picket.effects import exchange
from picket.effects.exchange import Answer, Limits, Outgoing
from picket.effects.git.address import resolve
from picket.effects.mongo import duties
from picket.settings import settings
from picket.verification.filling import Call

MAX_BODY_BYTES = 64 * 1024
_SECONDS = 15.0
_TURNS = 3
"""How often a turn is waited for."""


def ask(call: Call, *, is_named: bool) -> Answer:
    """Send a request to a provider.

    Args:
        call: What to send.
        is_named: The repository names its host: where that leads is checked, and no proxy looks it up anew.

    Raises:
        Gone: The host does not exist.
        TooLarge: The answer is too long.
        TransientError: There was no answer, or not within the time.
        Unsupported: The host's address is not admitted, or the answer is compressed.
    """
    proxy = settings().verify_proxy.get_secret_value()
    scheme, host, port = exchange.origin(call.url)
    if is_named or not proxy:
        addresses = resolve(RepositoryAddress(name="", url="", scheme=scheme, host=host, port=port))
    else:
        addresses = [host]
    limits = Limits(time.monotonic() + _SECONDS, _SECONDS, MAX_BODY_BYTES)
    return exchange.send(Outgoing(call.method, call.url, call.headers, call.body), addresses, limits, proxy=proxy)


def leave(host: str, pause: timedelta) -> None:
    """Let nobody take a turn with a host for some time, as its provider wants it."""
    duties.block(f"verify {host}", pause)


def take(host: str) -> bool:
    """Take the next turn with a host, which all replicas share; False if others were faster for some seconds."""
    pause = timedelta(minutes=1) / settings().verifications_per_minute
    for turn in range(_TURNS):
        if turn:
            time.sleep(min(pause.total_seconds(), 2.0))
        if duties.claim(f"verify {host}", pause):
            return True
    return False
