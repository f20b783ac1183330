"""How Checkov is run."""

from __future__ import annotations

from picket.tools.endings import failed_unless, incomplete_unless
from picket.tools.running import Material, Package, Running

_COMPLETE = (0, 1)
"""Nothing failed, and something."""
_SKIPPED = ("helm", "kustomize", "sca_image", "sca_package", "secrets")
"""Frameworks that need another program, an account, or are looked for better by others."""


def _arguments(_material: Material) -> tuple[str, ...]:
    """Return its arguments; with `--quiet` it would not tell which files it cannot read.

    It takes its settings from a `.checkov.yaml` in the repository, too, and runs the Python of checks that are named
    there. With a key that nobody has, checks from elsewhere are refused, and the run fails.
    """
    quiet = ("--compact", "--skip-download", "--external-checks-public-key", "/dev/null")
    return ("--directory", ".", "--output", "json", *quiet, "--skip-framework", *_SKIPPED)


RUNNING = Running(
    program="checkov",
    accepts=frozenset({"repository"}),
    arguments=_arguments,
    incomplete=incomplete_unless(*_COMPLETE),
    failed=failed_unless(*_COMPLETE),
    version=("--version",),
    overrides=(".checkov.yaml", ".checkov.yml"),
    licence="Apache-2.0",
    package=Package("pypi", "checkov", "3.3.30"),
    files=("*.tf", "*.tf.json", "*.yaml", "*.yml", "*.json", "*.bicep", "Dockerfile", "Dockerfile.*", "*.Dockerfile"),
    environment={"LOG_LEVEL": "ERROR"},
    memory=4 * 1024**3,
    seconds=900,
)
