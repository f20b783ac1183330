"""Telling pushes apart: the same push may be told by several hooks, and the same words may tell of another push.

A push is a ref, and the commits before and after. It is told again by another hook, by the forge's redelivery, or by
the sender's second try, and leads to the scan that it led to before. It is another push of the same commits if the ref
has been back at the former one since, which a later push told of; and what was Failed or Cancelled is tried again.
"""

from __future__ import annotations

from dataclasses import dataclass

from picket.effects.mongo import pushes, scans
from picket.effects.mongo.pushes import Push, Told
from picket.errors import Busy
from picket.events import scan_id

_TRIES = 20
_PUSHES_KEPT = 20
"""Of a ref: hooks that tell of the same push are minutes apart at most, and what is kept is written with each push."""
_TOLD_KEPT = 10
"""Deliveries of one push."""
_TO_TRY_AGAIN = frozenset({"Failed", "Cancelled"})


@dataclass(frozen=True, slots=True)
class Move:
    """A ref of a repository, by its id, and the commits before and after.

    `before` is empty where it is not told; of a pull request it is the branch that it is for.
    """

    repository: str
    ref: str
    before: str
    after: str


def scan_of(move: Move, webhook: str, cause: str) -> tuple[str, bool]:
    """Return the id of the scan that a push leads to, the same one for all who tell of it, and whether this is news.

    It is news to whoever told of it first, also when that event comes again.

    Args:
        move: What was pushed.
        webhook: Id of the webhook that tells of it; empty where it has none.
        cause: Id of the event that its delivery became.

    Raises:
        Busy: Others keep telling of pushes of the ref.
    """
    told = Told(webhook=webhook, cause=cause)
    for _ in range(_TRIES):
        known = pushes.of_ref(move.repository, move.ref)
        found = same(known["pushes"], move, told)
        if found is None or _is_to_try_again(found):
            made = Push(before=move.before, after=move.after, scan=_new_scan(move, told, found), told=[told])
            changed = [*known["pushes"], made][-_PUSHES_KEPT:]
        elif told in found["told"]:
            return found["scan"], told == found["told"][0]
        else:
            first, *others = found["told"]
            made = Push(**{**found, "told": [first, *others[-_TOLD_KEPT:], told]})
            changed = [made if one is found else one for one in known["pushes"]]
        if pushes.keep(known, changed):
            return made["scan"], told == made["told"][0]
    raise Busy(f"{_TRIES} others tell of pushes of the same ref")


def same(known: list[Push], move: Move, told: Told) -> Push | None:
    """Return which of the pushes that are known is the one that is told of; None if none is."""
    alike = [
        (number, one) for number, one in enumerate(known) if (one["before"], one["after"]) == (move.before, move.after)
    ]
    for _, one in reversed(alike):
        if told in one["told"]:
            return one
    for number, one in reversed(alike):
        has_told = any(each["webhook"] == told["webhook"] for each in one["told"])
        return None if has_told and _was_back(known[number + 1 :], move) else one
    return None


def _was_back(later: list[Push], move: Move) -> bool:
    """Return whether the ref was where a push begins again; where that is not told, whether it was elsewhere."""
    is_told = bool(move.before) and not move.before.startswith("refs/")
    return any(one["after"] == move.before for one in later) if is_told else bool(later)


def _is_to_try_again(push: Push) -> bool:
    scan = scans.find(push["scan"])
    return scan is not None and scan["state"] in _TO_TRY_AGAIN


def _new_scan(move: Move, told: Told, former: Push | None) -> str:
    """Return the id of a push's scan, or of the next one after a *former* one that has come to nothing."""
    what = f"{move.repository}|{move.ref}|{move.before}|{move.after}"
    return scan_id(what, former["scan"] if former else told["cause"])
