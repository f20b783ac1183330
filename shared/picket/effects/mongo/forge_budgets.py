"""What is left of forges' rate limits, shared by all replicas: one document for each host and token.

While plenty is left nothing is written, and what was said last is found by one look. Times are Unix time, those of a
clock that has jumped are not believed. The token is in the id as a hash alone: see `forge.client`.
"""

from __future__ import annotations

from collections.abc import Sequence

from picket.effects.mongo import retention
from picket.effects.mongo.client import Document, collection
from picket.effects.mongo.documents import Stored
from picket.effects.mongo.schema import STAMP
from picket.errors import Busy
from picket.forges.limits import LONGEST, SHORTEST, Limits

FEW = 100
"""While more requests than these are left, they are not counted here."""
_TRIES = 100
_SAME = 30.0
"""Seconds by which two replicas may differ over when one and the same limit is reset."""
_JUMPED = 600.0
"""Seconds by which no two clocks differ that are right."""
_FIRST_PAUSE = 60.0
"""What GitHub asks for where it names no time; it doubles as long as that is not enough."""
_MOST_STRIKES = 7
Allowances = Sequence[tuple[int, int]]
"""How many in how many seconds."""


class Budget(Stored):
    """What is known of a limit.

    `remaining` requests are left until `reset_at`; nothing is sent before `paused_until`; `strikes` counts refusals
    that named no time, since the last success. `sent` has the times of the last requests that made content, the oldest
    first; `revision` counts its changes.
    """

    remaining: int
    reset_at: float
    paused_until: float
    strikes: int
    sent: list[float]
    revision: int


def get(name: str) -> Budget | None:
    """Return a budget; None while nothing had to be noted."""
    return collection("forge_budgets", Budget).find_one({"_id": name})


def admit(name: str, at: float) -> float:
    """Take one request, where they are counted; return how many seconds to wait, 0.0 if it may be sent."""
    for _ in range(_TRIES):
        known = get(name)
        if known is None:
            return 0.0
        if paused := _ahead(known["paused_until"], at):
            return paused
        left = _ahead(known["reset_at"], at)
        if not left:
            return 0.0
        same = {"_id": name, "reset_at": known["reset_at"], "remaining": {"$gt": 0}}
        if collection("forge_budgets").update_one(same, {"$inc": {"remaining": -1}}).modified_count:
            return 0.0
        if known["remaining"] <= 0:
            return left
    raise Busy("others keep asking the forge")


def take(name: str, allowances: Allowances, at: float) -> float:
    """Take one request that makes content; return how many seconds to wait, 0.0 if it may be sent.

    Raises:
        Busy: Others kept taking.
    """
    if not allowances:
        return 0.0
    for _ in range(_TRIES):
        known = get(name)
        if known is None:
            _make(name)
            continue
        sent = sorted(at if each > at + _JUMPED else each for each in known["sent"])
        turn = max([at, *sent[-1:]])  # by the clock that is furthest ahead: one that is behind must not make it old
        past = turn - max(seconds for _, seconds in allowances)
        wait = max(_over(sent, count, seconds, turn) for count, seconds in allowances)
        kept = [each for each in sent if each > past] + ([] if wait else [turn])
        if kept == known["sent"]:
            return wait
        change = {"$set": {"sent": kept, **retention.entry()}, "$inc": {"revision": 1}}
        if collection("forge_budgets").update_one({"_id": name, "revision": known["revision"]}, change).modified_count:
            return wait
    raise Busy("others keep writing to the forge")


def note(name: str, limits: Limits, at: float) -> None:
    """Keep what an answer to a request that was not refused says, where that is little or other than what is known."""
    known = get(name) if limits.remaining is None or limits.remaining > FEW else _made(name)
    if limits.pause is not None:
        pause(name, limits.pause, at)
    if known is None:
        return
    if known["strikes"] and not _ahead(known["paused_until"], at):
        collection("forge_budgets").update_one({"_id": name}, {"$set": {"strikes": 0}})
    if limits.remaining is None or limits.reset_in is None:
        return
    reset_at = at + limits.reset_in
    fresh = {"remaining": limits.remaining, "reset_at": reset_at, **retention.entry()}
    if not _ahead(known["reset_at"], at) or reset_at > known["reset_at"] + _SAME:
        if limits.remaining <= FEW or _ahead(known["reset_at"], at):
            collection("forge_budgets").update_one({"_id": name, "reset_at": known["reset_at"]}, {"$set": fresh})
    elif reset_at > known["reset_at"] - _SAME:  # the same: what others have taken since stays taken
        more = {"_id": name, "reset_at": known["reset_at"], "remaining": {"$gt": limits.remaining}}
        collection("forge_budgets").update_one(more, {"$set": {"remaining": limits.remaining}})


def pause(name: str, seconds: float | None, at: float) -> float:
    """Let nobody send anything for some *seconds*, None: longer each time; return how many."""
    known = _made(name)
    strikes = known["strikes"]
    if seconds is None:
        running = _ahead(known["paused_until"], at)  # several requests were on their way: one refusal
        strikes = strikes if running else min(strikes + 1, _MOST_STRIKES)
        seconds = running or min(_FIRST_PAUSE * 2 ** (strikes - 1), LONGEST)
    seconds = min(max(seconds, SHORTEST), LONGEST)
    until = at + seconds
    if until > known["paused_until"] or not _ahead(known["paused_until"], at):
        change = {"paused_until": until, "strikes": strikes, **retention.entry()}
        collection("forge_budgets").update_one({"_id": name, "paused_until": known["paused_until"]}, {"$set": change})
    return seconds


def _over(sent: list[float], count: int, seconds: int, at: float) -> float:
    """Return in how many seconds one more would not be too many within *seconds*."""
    within = [each for each in sent if each > at - seconds]
    return 0.0 if len(within) < count else within[-count] + seconds - at


def _ahead(time: float, at: float) -> float:
    """Return how many seconds *time* is ahead; 0.0 if it is over, or so far that it came from a clock that jumped."""
    return time - at if 0 < time - at <= LONGEST else 0.0


def _made(name: str) -> Budget:
    for _ in range(_TRIES):
        known = get(name)
        if known is not None:
            return known
        _make(name)
    raise Busy("what is known of the forge is deleted all the time")


def _make(name: str) -> None:
    fresh: Document = {"remaining": 0, "reset_at": 0.0, "paused_until": 0.0, "strikes": 0, "sent": [], "revision": 0}
    fresh |= {**retention.entry(), **STAMP}
    collection("forge_budgets").update_one({"_id": name}, {"$setOnInsert": fresh}, upsert=True)
