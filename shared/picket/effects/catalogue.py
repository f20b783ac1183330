"""The names of the detection rules in force, for those who do not look with them."""

from __future__ import annotations

from picket.context import context
from picket.detection.catalogue import rule_ids
from picket.errors import Malformed, Misconfigured
from picket.settings import settings


@context.kept
def rules() -> frozenset[str]:
    """Return the ids of the rules in force, read once; nothing is compiled.

    Raises:
        Misconfigured: The team's file is not TOML, or has no rules in the place for them; names the file.
    """
    path = settings().rules
    try:
        return rule_ids(path.read_text(), name=str(path)) if path else rule_ids()
    except (Malformed, OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"PICKET_RULES: {error}") from error
