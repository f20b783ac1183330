"""Short-lived tokens that forges gave this process: in memory only, and let go of before they end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from pydantic import SecretStr

from picket.context import context

clock = time.monotonic
_MARGIN = 300.0
"""Seconds before its end at which a token is no longer handed out: a fetch takes as long, or two requests do."""
_YOUNG = 60.0


@dataclass(frozen=True, slots=True)
class Minted:
    """A token; `identity` is whose it is, for limits that outlive it, `seconds` how long it holds from now on."""

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
    """Return the token of an account for an owner; one is made where there is none, by one thread at a time.

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
    """Let go of a token that its forge refuses; return whether the next one may be better: it was not made just now."""
    found = _find(token)
    if found is None:
        return False
    _kept().by_account.pop(found[0], None)
    return clock() - found[2] > _YOUNG


def _find(token: str) -> tuple[tuple[str, str], Minted, float] | None:
    """Return account, token and when it was made."""
    known = list(_kept().by_account.items())
    return next(((name, made, at) for name, (made, at) in known if made.token.get_secret_value() == token), None)
