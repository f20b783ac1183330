"""How govulncheck is run, without network: it needs a database, Go's own tools, and the modules in their cache."""

from __future__ import annotations

from picket.tools.endings import ended_with, failed_unless
from picket.tools.govulncheck.report import has_no_database
from picket.tools.running import Ended, Material, Package, Running


def _arguments(material: Material) -> tuple[str, ...]:
    return ("-db", f"file://{material.data or '/no-data'}/govulncheck", "-format", "json", "./...")


def _incomplete(ended: Ended, document: object) -> str:
    if ended.status:
        return ended_with(ended)
    return "its database is not there" if has_no_database(document) else ""


RUNNING = Running(
    program="govulncheck",
    accepts=frozenset({"repository"}),
    arguments=_arguments,
    incomplete=_incomplete,
    failed=failed_unless(0),
    version=("-version",),
    licence="BSD-3-Clause",
    package=Package("go", "golang.org/x/vuln/cmd/govulncheck", "1.9.0"),
    files=("*.go", "go.mod", "go.sum"),
    environment={"CGO_ENABLED": "0", "GOPROXY": "off", "GOTOOLCHAIN": "local", "GOFLAGS": "-buildvcs=false"},
)
