"""How TruffleHog is run: on the files as they are, without asking providers about what it finds."""

from __future__ import annotations

from picket.tools.endings import ended_with, failed_unless
from picket.tools.running import Ended, Material, Running

_ERRORS = ('"level":"error', '"level":"fatal', "encountered errors during scan")
"""Words of its log, with which it may end with status 0 all the same."""


def _arguments(_material: Material) -> tuple[str, ...]:
    return ("filesystem", ".", "--json", "--no-update", "--no-verification")


def _incomplete(ended: Ended, _document: object) -> str:
    if ended.status:
        return ended_with(ended)
    return "its log tells of an error" if any(words in ended.errors for words in _ERRORS) else ""


RUNNING = Running(
    program="trufflehog",
    accepts=frozenset({"repository"}),
    arguments=_arguments,
    incomplete=_incomplete,
    failed=failed_unless(0),
    version=("--version",),
    licence="AGPL-3.0-only",
    seconds=300,
)
