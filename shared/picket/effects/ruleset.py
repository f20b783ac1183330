"""The detection rules in force: the shipped ones, or the team's file."""

from __future__ import annotations

import time
from pathlib import Path

from picket.context import context
from picket.detection import Engine, Ruleset, default_digest, default_ruleset, parse_ruleset
from picket.effects.mongo import in_force as effective
from picket.errors import Malformed, Misconfigured
from picket.settings import settings

_REMEMBERED_SECONDS = 5.0


def digest() -> str:
    """Return the digest that commits are scanned for."""
    return current().digest if settings().rules else default_digest()


def in_force() -> str:
    """Return the digest that scans are planned and judged for: the same for every revision that runs just now."""
    return _in_force(digest(), int(time.monotonic() / _REMEMBERED_SECONDS))


@context.last(4)
def _in_force(own: str, _period: int) -> str:
    return effective.digest("rulesets", own)


def plans() -> str:
    """Note that this revision plans scans for its own rules, and return the digest in force."""
    effective.see("rulesets", digest(), used=True)
    return in_force()


def also_for(planned: str) -> frozenset[str]:
    """Return the digests that what is scanned with this revision's rules counts for.

    A scanner may be of another revision than what planned its batch: newer rules do for what older ones were asked
    for, older ones do not.
    """
    own = digest()
    if own == planned:
        return frozenset({own})
    effective.see("rulesets", own, used=False)
    return frozenset({own, planned} if effective.is_newer("rulesets", own, planned) else {own})


@context.kept
def current() -> Ruleset:
    """Return the rules.

    Raises:
        Misconfigured: The team's file is no ruleset; names setting, file, rule and reason.
    """
    path = settings().rules
    try:
        return parse_ruleset(path.read_text(), name=str(path)) if path else default_ruleset(_cache())
    except (Malformed, OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"PICKET_RULES: {error}") from error


@context.kept
def engine() -> Engine:
    """Return the engine for the rules, compiled or loaded from the cache on first use."""
    found = Engine(current(), cache_dir=_cache())
    found.remember()
    return found


def _cache() -> Path:
    """Return the folder of parsed and compiled rules, which a new process loads in milliseconds."""
    return settings().data_dir.absolute() / "rulesets"
