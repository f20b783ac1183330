"""How detect-secrets is run: on all files, since a checkout is no repository of git."""

from __future__ import annotations

from picket.tools.endings import ended_with, failed_unless
from picket.tools.running import Ended, Material, Package, Running


def _arguments(_material: Material) -> tuple[str, ...]:
    return ("scan", "--all-files", "--no-verify", ".")


def _incomplete(ended: Ended, _document: object) -> str:
    if ended.status:
        return ended_with(ended)
    return "its log tells of an error" if "ERROR" in ended.errors else ""


RUNNING = Running(
    program="detect-secrets",
    accepts=frozenset({"repository"}),
    arguments=_arguments,
    incomplete=_incomplete,
    failed=failed_unless(0),
    version=("--version",),
    overrides=(".secrets.baseline",),
    licence="Apache-2.0",
    package=Package("pypi", "detect-secrets", "1.5.0"),
    memory=1024**3,
    seconds=600,
)
