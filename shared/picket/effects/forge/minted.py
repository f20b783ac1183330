"""Short-lived tokens from forges, kept in memory only and dropped before they expire."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from pydantic import SecretStr

from picket.context import context

clock = time.monotonic
_MARGIN = 300.0
"""Seconds before its expiry at which a token is no longer used: a fetch, or two requests, may take as long."""
_YOUNG = 60.0


@dataclass(frozen=True, slots=True)
class Minted:
    """A token; `identity` names its account, for limits that outlive it, `seconds` is how long it is valid."""

    token: SecretStr
    identity: str
    seconds: float


@dataclass(slots=True)
class _Kept:
    by_account: dict[tuple[str, str], tuple[Minted, float]] = field(default_factory=dict)
    locks: dict[tuple[str, str], threading.Lock] = field(default_factory=dict)


@context.kept
def _kept() -> _Kept:
    return _Kept()


def token(entry: str, owner: str, mint: Callable[[], Minted]) -> SecretStr:
    """Return an account's token for an owner, requesting one if there is none; one thread requests at a time.

    Args:
        entry: The setting's entry that the account stands in.
        owner: Whose repositories it is for.
        mint: Asks the forge for a token.

    Raises:
        PicketError: As *mint*.
    """
    kept = _kept()
    with kept.locks.setdefault((entry, owner), threading.Lock()):
        made, at = kept.by_account.get((entry, owner), (None, 0.0))
        if made is None or clock() - at >= made.seconds - min(_MARGIN, made.seconds / 2):
            at, made = clock(), mint()
            kept.by_account[entry, owner] = made, at
        return made.token


def identity(token: str) -> str:
    """Return whose a token is; the token itself where it was set from outside."""
    found = _find(token)
    return found[1].identity if found else token


def drop(token: str) -> bool:
    """Drop a token that its forge refuses; return whether a new one may work: this one was not requested just now."""
    found = _find(token)
    if found is None:
        return False
    _kept().by_account.pop(found[0], None)
    return clock() - found[2] > _YOUNG


def _find(token: str) -> tuple[tuple[str, str], Minted, float] | None:
    """Return account, token and when it was made."""
    known = list(_kept().by_account.items())
    return next(((name, made, at) for name, (made, at) in known if made.token.get_secret_value() == token), None)
