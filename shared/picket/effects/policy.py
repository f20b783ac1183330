"""The feedback rules in force: the shipped ones and the team's file."""

from __future__ import annotations

from functools import cache

from picket.errors import Malformed, Misconfigured
from picket.feedback.rules import Rule, combined
from picket.settings import settings


@cache
def rules() -> tuple[Rule, ...]:
    """Return the rules, read once.

    Raises:
        Misconfigured: The team's file is not a file of feedback rules; names setting, file, place and reason.
    """
    path = settings().feedback_rules
    try:
        return combined(path.read_text(), name=str(path)) if path else combined()
    except (Malformed, OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"PICKET_FEEDBACK_RULES: {error}") from error
