"""Kinds of findings: one module each, and this registry.

To add one, write its module with a `KIND` and add the line here.
"""

from __future__ import annotations

from picket.errors import Unsupported
from picket.findings.kinds import exposure, misconfiguration, secret, vulnerability, weakness
from picket.findings.kinds.kind import Kind

KINDS: dict[str, Kind] = {
    "secret": secret.KIND,
    "vulnerability": vulnerability.KIND,
    "misconfiguration": misconfiguration.KIND,
    "weakness": weakness.KIND,
    "exposure": exposure.KIND,
}
"""Kinds by name."""


def kind(name: str) -> Kind:
    """Return the kind called *name*.

    Raises:
        Unsupported: It does not exist.
    """
    found = KINDS.get(name)
    if found is None:
        raise Unsupported(f"there is no kind of finding {name[:40]!r}")
    return found
