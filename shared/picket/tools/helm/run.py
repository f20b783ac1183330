"""How Helm's linter is run: on each chart of a repository, without a cluster."""

from __future__ import annotations

import posixpath

from picket.tools.endings import failed_unless, incomplete_unless
from picket.tools.running import Material, Package, Running

_COMPLETE = (0, 1)
"""All charts are well-formed, and one is not."""


def _arguments(material: Material) -> tuple[str, ...]:
    charts = sorted(
        {posixpath.dirname(path) or "." for path in material.files if posixpath.basename(path) == "Chart.yaml"}
    )
    return ("lint", "--", *(charts or ["."]))


RUNNING = Running(
    program="helm",
    accepts=frozenset({"repository"}),
    arguments=_arguments,
    incomplete=incomplete_unless(*_COMPLETE),
    failed=failed_unless(*_COMPLETE),
    version=("version", "--short"),
    licence="Apache-2.0",
    package=Package("go", "helm.sh/helm/v3/cmd/helm", "3.22.0"),
    files=("Chart.yaml",),
    memory=1024**3,
    seconds=300,
)
