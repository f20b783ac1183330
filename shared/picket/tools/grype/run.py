"""How Grype is run, without network: with the database in `Material.data`, however old it is."""

from __future__ import annotations

from picket.tools.endings import failed_unless, incomplete_unless
from picket.tools.running import Material, Package, Running


def _arguments(material: Material) -> tuple[str, ...]:
    """Return its arguments; without a database it ends with an error."""
    return (material.archive or "dir:.", "--output", "json", "--quiet")


RUNNING = Running(
    program="grype",
    accepts=frozenset({"repository", "image"}),
    arguments=_arguments,
    incomplete=incomplete_unless(0),
    failed=failed_unless(0),
    version=("version",),
    overrides=(".grype.yaml", ".grype.yml"),
    licence="Apache-2.0",
    package=Package("go", "github.com/anchore/grype/cmd/grype", "0.121.2"),
    environment={
        "GRYPE_CHECK_FOR_APP_UPDATE": "false",
        "GRYPE_DB_AUTO_UPDATE": "false",
        "GRYPE_DB_CACHE_DIR": "{data}/grype",
        "GRYPE_DB_VALIDATE_AGE": "false",
    },
    memory=4 * 1024**3,
)
