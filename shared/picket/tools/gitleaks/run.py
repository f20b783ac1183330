"""How Gitleaks is run: on the files as they are, since Picket looks at the history itself."""

from __future__ import annotations

from picket.tools.endings import ended_with, failed_unless
from picket.tools.running import Ended, Material, Package, Running


def _arguments(_material: Material) -> tuple[str, ...]:
    quiet = ("--no-banner", "--no-color", "--log-level", "warn", "--exit-code", "0")
    return ("dir", *quiet, "--report-format", "json", "--report-path", "-", ".")


def _incomplete(ended: Ended, _document: object) -> str:
    if ended.status:
        return ended_with(ended)
    return "it could not read a file" if " ERR " in ended.errors else ""


RUNNING = Running(
    program="gitleaks",
    accepts=frozenset({"repository"}),
    arguments=_arguments,
    incomplete=_incomplete,
    failed=failed_unless(0),
    version=("version",),
    overrides=(".gitleaks.toml", ".gitleaksignore"),
    licence="MIT",
    package=Package("go", "github.com/zricethezav/gitleaks/v8", "8.30.1"),
    seconds=300,
)
