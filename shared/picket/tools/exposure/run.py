"""How exposures are looked for: by Python itself, in the same sandbox as any tool, since manifests are not trusted."""

from __future__ import annotations

from picket.tools.endings import failed_unless, incomplete_unless
from picket.tools.running import PYTHON, Material, Running

_PROGRAM = ("-P", "-m", "picket.exposure")
"""With `-P` nothing is imported from the current folder, which is the repository's."""


def _arguments(_material: Material) -> tuple[str, ...]:
    return (*_PROGRAM, ".")


RUNNING = Running(
    program=PYTHON,
    accepts=frozenset({"repository", "namespace"}),
    arguments=_arguments,
    incomplete=incomplete_unless(0),
    failed=failed_unless(0),
    version=(*_PROGRAM, "--version"),
    licence="Apache-2.0",
    files=("*.yaml", "*.yml"),
    seconds=600,
)
