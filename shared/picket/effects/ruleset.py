"""The detection rules in force: the shipped ones, or the team's file."""

from __future__ import annotations

from functools import cache

from picket.detection import Engine, Ruleset, default_digest, default_ruleset, parse_ruleset
from picket.errors import Malformed, Misconfigured
from picket.settings import settings


def digest() -> str:
    """Return the digest that commits are scanned for."""
    return current().digest if settings().rules else default_digest()


@cache
def current() -> Ruleset:
    """Return the rules.

    Raises:
        Misconfigured: The team's file is no ruleset; names file, rule and reason.
    """
    path = settings().rules
    try:
        return parse_ruleset(path.read_text(), name=str(path)) if path else default_ruleset()
    except (Malformed, OSError) as error:
        raise Misconfigured(str(error)) from error


@cache
def engine() -> Engine:
    """Return the engine for the rules, compiled or loaded from the cache on first use."""
    return Engine(current(), cache_dir=settings().data_dir.absolute() / "rulesets")
