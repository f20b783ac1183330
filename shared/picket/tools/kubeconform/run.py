"""How kubeconform is run: with schemas in `Material.data`, since it would fetch its own ones from a network."""

from __future__ import annotations

from picket.tools.endings import failed_unless, incomplete_unless
from picket.tools.running import Material, Package, Running

_COMPLETE = (0, 1)
"""Everything is valid, and something is not or has no schema, which the report tells."""
_NAMES = "{{.ResourceKind}}{{.KindSuffix}}.json"
"""How a schema's file is called: `deployment-apps-v1.json`."""


def _arguments(material: Material) -> tuple[str, ...]:
    """Return its arguments; only with `-verbose` does it name what it skipped."""
    schemas = f"{material.data or 'no-data'}/schemas/{_NAMES}"
    return ("-output", "json", "-verbose", "-strict", "-ignore-missing-schemas", "-schema-location", schemas, ".")


RUNNING = Running(
    program="kubeconform",
    accepts=frozenset({"repository"}),
    arguments=_arguments,
    incomplete=incomplete_unless(*_COMPLETE),
    failed=failed_unless(*_COMPLETE),
    version=("-v",),
    licence="Apache-2.0",
    package=Package("go", "github.com/yannh/kubeconform/cmd/kubeconform", "0.8.0"),
    files=("*.yaml", "*.yml"),
    memory=1024**3,
    seconds=120,
)
