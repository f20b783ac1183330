"""How Syft is run. It needs no database and no network."""

from __future__ import annotations

from picket.tools.endings import failed_unless, incomplete_unless
from picket.tools.running import Material, Package, Running


def _arguments(material: Material) -> tuple[str, ...]:
    return ("scan", material.archive or "dir:.", "--output", "cyclonedx-json", "--quiet")


RUNNING = Running(
    program="syft",
    accepts=frozenset({"repository", "image"}),
    arguments=_arguments,
    incomplete=incomplete_unless(0),
    failed=failed_unless(0),
    version=("version",),
    overrides=(".syft.yaml", ".syft.yml"),
    licence="Apache-2.0",
    package=Package("go", "github.com/anchore/syft/cmd/syft", "1.57.1"),
    environment={"SYFT_CHECK_FOR_APP_UPDATE": "false"},
)
