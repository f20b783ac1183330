"""How Kingfisher is run: on the files as they are, without asking providers about what it finds."""

from __future__ import annotations

from picket.tools.endings import failed_unless, incomplete_unless
from picket.tools.running import Material, Package, Running

_COMPLETE = (0, 200)
"""Nothing found, and something."""


def _arguments(_material: Material) -> tuple[str, ...]:
    offline = ("--no-validate", "--no-update-check", "--no-rule-cache")
    return ("scan", ".", "--git-history", "none", "--format", "json", "--quiet", *offline)


RUNNING = Running(
    program="kingfisher",
    accepts=frozenset({"repository"}),
    arguments=_arguments,
    incomplete=incomplete_unless(*_COMPLETE),
    failed=failed_unless(*_COMPLETE),
    version=("--version",),
    overrides=(".kingfisher.yaml",),
    licence="Apache-2.0",
    package=Package("pypi", "kingfisher-bin", "2.14.0"),
    seconds=300,
)
