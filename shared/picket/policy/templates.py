"""Templates of what a rule has scanned: names of fields in braces, and nothing else that could be filled in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from picket.errors import Malformed

FILLED = frozenset({"asset", "component", "path", "port", "resource", "rule"})
"""Fields that a template can name; `port` is the number in a resource such as `tcp/8443`."""
_FIELD = re.compile(r"\{([^{}]*)\}")
_PORT = re.compile(r"(?:tcp|udp)/([0-9]{1,5})", re.IGNORECASE)


def fields_of(template: str) -> frozenset[str]:
    """Return the names of the fields in a template."""
    return frozenset(_FIELD.findall(template))


def fill(template: str, asset: str, finding: Mapping[str, Any]) -> str:
    """Put a finding's fields into a template.

    Args:
        template: As a rule has it; names only fields of `FILLED`.
        asset: Name of the asset that the finding is of.
        finding: As stored.

    Raises:
        Malformed: A field that the template names is empty, or holds more than one line.
    """
    evidence, place = finding.get("evidence", {}), finding.get("first", {})
    resource = str(evidence.get("resource", ""))
    port = _PORT.fullmatch(resource)
    values = {
        "asset": asset,
        "component": str(evidence.get("component", "")),
        "path": str(place.get("path", "")),
        "port": port[1] if port else "",
        "resource": resource,
        "rule": str(evidence.get("rule", "")),
    }
    for name in fields_of(template):
        if not values[name] or not values[name].isprintable():
            raise Malformed(f"the finding has no {name} to fill in")
    return _FIELD.sub(lambda match: values[match[1]], template)
