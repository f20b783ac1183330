"""How zizmor is run."""

from __future__ import annotations

from picket.tools.endings import ended_with, failed_unless
from picket.tools.running import Ended, Material, Package, Running

_COMPLETE = (0, 11, 12, 13, 14)
"""Nothing found; else by the highest severity, informational to high."""
_UNREAD = "failed to"
"""Words of a warning that a file is not looked at: it was failed to parse, or to validate."""


def _arguments(_material: Material) -> tuple[str, ...]:
    return ("--offline", "--no-progress", "--color", "never", "--format", "json-v1", "--", ".")


def _incomplete(ended: Ended, _document: object) -> str:
    if ended.status not in _COMPLETE:
        return ended_with(ended)
    warnings = [line.lower() for line in ended.errors.splitlines() if "WARN" in line]
    return "it could not read a file" if any(_UNREAD in line for line in warnings) else ""


RUNNING = Running(
    program="zizmor",
    accepts=frozenset({"repository"}),
    arguments=_arguments,
    incomplete=_incomplete,
    failed=failed_unless(*_COMPLETE),
    version=("--version",),
    overrides=("zizmor.yml", "zizmor.yaml", ".zizmor.yml"),
    licence="MIT",
    package=Package("pypi", "zizmor", "1.32.0"),
    files=(
        ".github/workflows/*.yml",
        ".github/workflows/*.yaml",
        ".github/dependabot.yml",
        ".github/dependabot.yaml",
        "action.yml",
        "action.yaml",
    ),
    memory=1024**3,
    seconds=120,
)
