"""Keeping this machine's mirrors small: repacked where they need it, gone when idle or when room is short."""

from __future__ import annotations

import random
import time

from picket.effects.git import upkeep
from picket.effects.git.upkeep import Mirror
from picket.effects.telemetry import note
from picket.orchestration import duties
from picket.settings import settings

_EVERY_SECONDS = 3_600.0
_DAY = 86_400.0
_IN_USE_SECONDS = 3_600.0
"""Longer than a batch may take: what was used since is not removed."""
_REPACKED_AT_ONCE = 10


def run(_cursor: str) -> str | None:
    """Look after the mirrors of the machine that gets this event, once an hour on each."""
    if not upkeep.claim(_EVERY_SECONDS):
        return None
    upkeep.drop_leftovers(_IN_USE_SECONDS)
    kept = upkeep.mirrors()
    removed = _remove(kept)
    left = [one for one in kept if one not in removed and upkeep.needs_repacking(one.git_dir)]
    random.shuffle(left)  # those that git cannot make smaller must not stand before the others each time
    duties.each("mirrors", left[:_REPACKED_AT_ONCE], lambda one: upkeep.repack(one.git_dir))
    note("mirrors looked after", mirrors=len(kept) - len(removed), removed=len(removed))
    return None


def _remove(kept: list[Mirror]) -> list[Mirror]:
    """Remove idle mirrors, then, while room is short, others: the largest first, of equals the longest unused."""
    now = time.time()
    idle = [one for one in kept if one.used < now - settings().mirror_idle_days * _DAY]
    removed = [one for one in idle if upkeep.remove(one)]
    rest = [one for one in kept if one not in removed]
    wanted = upkeep.room_wanted(rest)
    for one in sorted(rest, key=lambda one: (-one.size, one.used)):
        if wanted <= 0:
            break
        if one.used < now - _IN_USE_SECONDS and upkeep.remove(one):
            removed.append(one)
            wanted -= one.size
    return removed
