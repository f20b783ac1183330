"""How Trivy is run, without network: with a database of vulnerabilities, and the checks that are built in."""

from __future__ import annotations

from picket.tools.endings import ended_with, failed_unless
from picket.tools.running import Ended, Material, Package, Running

_OFFLINE = (
    "--offline-scan",
    "--skip-db-update",
    "--skip-java-db-update",
    "--skip-check-update",
    "--skip-version-check",
    "--disable-telemetry",
)

_ERROR = "\tERROR\t"
_HARMLESS = "Falling back to embedded checks"
"""What it calls an error where it has only the checks that are built in."""


def _incomplete(ended: Ended, _document: object) -> str:
    """Say why a run is incomplete: it ends with status 0 also where it cannot parse a file."""
    if ended.status:
        return ended_with(ended)
    errors = (line for line in ended.errors.splitlines() if _ERROR in line)
    return "its log tells of an error" if any(_HARMLESS not in line for line in errors) else ""


def _arguments(material: Material) -> tuple[str, ...]:
    """Return its arguments; without a database it refuses to look for vulnerabilities, and ends with an error."""
    folder = f"{material.data or 'no-data'}/trivy"
    common = ("--format", "json", "--no-progress", "--cache-dir", folder, "--cache-backend", "memory", *_OFFLINE)
    if material.archive:
        return ("image", *common, "--scanners", "vuln,secret", "--input", material.archive)
    return ("filesystem", *common, "--scanners", "vuln,misconfig,secret", ".")


RUNNING = Running(
    program="trivy",
    accepts=frozenset({"repository", "image"}),
    arguments=_arguments,
    incomplete=_incomplete,
    failed=failed_unless(0),
    version=("--version",),
    overrides=(".trivyignore", ".trivyignore.yaml", "trivy.yaml"),
    licence="Apache-2.0",
    package=Package("go", "github.com/aquasecurity/trivy/cmd/trivy", "0.74.0", {"GOEXPERIMENT": "jsonv2"}),
)
