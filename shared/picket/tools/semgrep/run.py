"""How Semgrep is run: with the rules in `Material.data`, since those of its registry need a network."""

from __future__ import annotations

from picket.tools.endings import ended_with, failed_unless
from picket.tools.running import Ended, Material, Package, Running

_COMPLETE = (0, 1)
_NO_RULES = 7


def _arguments(material: Material) -> tuple[str, ...]:
    """Return its arguments; only with `--verbose` does the report tell which files were skipped."""
    quiet = ("--metrics=off", "--disable-version-check", "--no-rewrite-rule-ids", "--no-git-ignore", "--verbose")
    return ("scan", "--json", *quiet, "--config", f"{material.data or 'no-data'}/rules", ".")


def _incomplete(ended: Ended, _document: object) -> str:
    if ended.status == _NO_RULES:
        return "its rules are not there, or cannot be read"
    return "" if ended.status in _COMPLETE else ended_with(ended)


RUNNING = Running(
    program="semgrep",
    accepts=frozenset({"repository"}),
    arguments=_arguments,
    incomplete=_incomplete,
    failed=failed_unless(*_COMPLETE),
    version=("--version",),
    overrides=(".semgrepignore",),
    licence="LGPL-2.1-only",
    package=Package("pypi", "semgrep", "1.185.0"),
    environment={"SEMGREP_SEND_METRICS": "off", "SEMGREP_ENABLE_VERSION_CHECK": "0"},
    seconds=1_800,
)
