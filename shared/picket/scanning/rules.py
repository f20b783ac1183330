"""The rules of a scan on this machine: those asked for, else the team's own in its repository, else the shipped."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from picket.detection import Ruleset, default_ruleset, parse_ruleset
from picket.scanning.environment import cache_dir
from picket.scanning.files import read_text
from picket.scanning.order import Order

TEAM_RULES = ".gitleaks.toml"


def rules_for(order: Order, top: Path | None, say: Callable[[str], object]) -> Ruleset:
    """Read the rules.

    Args:
        order: What is asked for.
        top: Top folder of the work tree, where there is one.
        say: Told when the team's own are used.

    Raises:
        Malformed: The file is no ruleset; names file, rule and reason.
    """
    path = order.rules
    if path is None and top is not None and (top / TEAM_RULES).exists():
        path = top / TEAM_RULES
        say(f"rules from {TEAM_RULES}")
    return _read(path) if path else default_ruleset(cache_dir() / "rulesets")


def _read(path: Path) -> Ruleset:
    def read(name: str) -> str:
        """Read what it extends: by path from here, as gitleaks does, or beside it."""
        return read_text(Path(name) if Path(name).exists() else path.parent / name)

    return parse_ruleset(read_text(path), name=str(path), read=read)
