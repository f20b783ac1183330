"""How OSV-Scanner is run, without network: with a database for every ecosystem that there is something of."""

from __future__ import annotations

from picket.tools.endings import ended_with, failed_unless
from picket.tools.running import Ended, Material, Package, Running

_COMPLETE = (0, 1)
"""Nothing found, and something."""
_HALF = {
    "could not load db": "the database of an ecosystem is not there, and others were not compared either",
    "Error during extraction": "it could not read a file",
}
"""Words of standard error that a run may write which ends like a complete one, and is not."""


def _arguments(material: Material) -> tuple[str, ...]:
    """Return its arguments: files that git ignores are looked at, since a checkout holds only what is committed."""
    common = ("--format", "json", "--offline", "--local-db-path", material.data or "no-data")
    if material.archive:
        return ("scan", "image", *common, "--archive", material.archive)
    walk = ("--recursive", "--no-ignore", "--no-resolve", "--allow-no-lockfiles")
    return ("scan", "source", *common, *walk, ".")


def _incomplete(ended: Ended, _document: object) -> str:
    reason = next((reason for words, reason in _HALF.items() if words in ended.errors), "")
    return reason or ("" if ended.status in _COMPLETE else ended_with(ended))


RUNNING = Running(
    program="osv-scanner",
    accepts=frozenset({"repository", "image"}),
    arguments=_arguments,
    incomplete=_incomplete,
    failed=failed_unless(*_COMPLETE),
    version=("--version",),
    overrides=("osv-scanner.toml",),
    licence="Apache-2.0",
    package=Package("go", "github.com/google/osv-scanner/v2/cmd/osv-scanner", "2.5.0"),
)
