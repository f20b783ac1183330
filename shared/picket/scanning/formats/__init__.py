"""How a result is told: one module a format or family, each with functions from a `Result` to text."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from picket.scanning.result import Result

_HOMES = {
    "table": "table",
    "json": "plain",
    "jsonl": "plain",
    "csv": "plain",
    "sarif": "sarif",
    "junit": "junit",
    "gitleaks": "gitleaks",
}
FORMATS = tuple(_HOMES)


def printable(text: str) -> str:
    """Make *text* from a repository fit for a terminal: no control characters."""
    return "".join(char if char.isprintable() else "\ufffd" for char in text)


def named(name: str) -> Callable[[Result], str]:
    """Return the function for a format; modules are imported when asked for, for some take their time."""
    written: Callable[[Result], str] = getattr(import_module(f"{__name__}.{_HOMES[name]}"), f"as_{name}")
    return written
