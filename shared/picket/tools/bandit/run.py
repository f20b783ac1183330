"""How Bandit is run."""

from __future__ import annotations

from picket.tools.endings import failed_unless, incomplete_unless
from picket.tools.running import Material, Package, Running

_COMPLETE = (0, 1)
"""Nothing found, and something."""


def _arguments(_material: Material) -> tuple[str, ...]:
    return ("--recursive", ".", "--format", "json", "--quiet")


RUNNING = Running(
    program="bandit",
    accepts=frozenset({"repository"}),
    arguments=_arguments,
    incomplete=incomplete_unless(*_COMPLETE),
    failed=failed_unless(*_COMPLETE),
    version=("--version",),
    overrides=(".bandit", "bandit.yaml"),
    licence="Apache-2.0",
    package=Package("pypi", "bandit", "1.9.4"),
    files=("*.py",),
    memory=1024**3,
    seconds=300,
)
