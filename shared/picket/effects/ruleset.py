"""The detection rules in force: the shipped ones, or the team's file."""

from __future__ import annotations

from functools import cache
from pathlib import Path

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
        Misconfigured: The team's file is no ruleset; names setting, file, rule and reason.
    """
    path = settings().rules
    try:
        return parse_ruleset(path.read_text(), name=str(path)) if path else default_ruleset(_cache())
    except (Malformed, OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"PICKET_RULES: {error}") from error


@cache
def engine() -> Engine:
    """Return the engine for the rules, compiled or loaded from the cache on first use."""
    return Engine(current(), cache_dir=_cache())


def _cache() -> Path:
    """Return the folder of parsed and compiled rules, which a new process loads in milliseconds."""
    return settings().data_dir.absolute() / "rulesets"
