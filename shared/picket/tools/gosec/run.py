"""How gosec is run. It needs Go's own tools, and the modules that the code imports in their cache."""

from __future__ import annotations

from picket.tools.endings import ended_with
from picket.tools.running import Ended, Material, Package, Running

_COMPLETE = (0, 1)
"""Nothing found, and something."""
_NOTHING = "No packages found"
"""It then ends with 1, as if something were found, and writes no report."""


def _arguments(_material: Material) -> tuple[str, ...]:
    """Return its arguments; with `-quiet` it would write no report where nothing is found."""
    return ("-fmt", "json", "./...")


def _incomplete(ended: Ended, _document: object) -> str:
    if _NOTHING in ended.errors:
        return "it found no Go packages"
    return "" if ended.status in _COMPLETE else ended_with(ended)


RUNNING = Running(
    program="gosec",
    accepts=frozenset({"repository"}),
    arguments=_arguments,
    incomplete=_incomplete,
    failed=lambda ended: ended.status not in _COMPLETE or _NOTHING in ended.errors,
    version=("-version",),
    licence="Apache-2.0",
    package=Package("go", "github.com/securego/gosec/v2/cmd/gosec", "2.30.0"),
    files=("*.go", "go.mod", "go.sum"),
    environment={"CGO_ENABLED": "0", "GOPROXY": "off", "GOTOOLCHAIN": "local", "GOFLAGS": "-buildvcs=false"},
)
