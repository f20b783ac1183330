"""Reads SPDX: packages, of which none is a problem by itself.

References of category SECURITY and type advisory lead to whatever was published of a package, in any of its versions:
they do not say that this one is affected, and are left alone.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field

from picket.errors import Malformed
from picket.findings.model import Report
from picket.tools.reading import Listed, Part, Told, omitted, validated

_VERSIONS = frozenset({"SPDX-2.2", "SPDX-2.3"})


class _Package(Part):
    name: str


class _Creation(Part):
    creators: Listed[str] = ()


class _Document(Part):
    version: str = Field(alias="spdxVersion")
    id: Told = Field(alias="SPDXID")
    creation: _Creation | None = Field(default=None, alias="creationInfo")
    packages: Listed[_Package] = ()


def recognises(document: Any) -> bool:  # noqa: ANN401 - JSON
    """Return whether a document says of itself that it is SPDX, of a version that is read."""
    if not isinstance(document, dict) or "SPDXID" not in document:
        return False
    version = document.get("spdxVersion")
    return isinstance(version, str) and version in _VERSIONS


def parse(document: Any, tool: str) -> Report:  # noqa: ANN401 - JSON
    """Read a document.

    Args:
        document: The JSON.
        tool: Name of the tool that wrote it, whose version the document may tell.

    Raises:
        Malformed: It is not SPDX 2.2 or 2.3; says where.
    """
    found = validated(_Document, document, "SPDX")
    if found.version not in _VERSIONS:
        raise Malformed("not SPDX 2.2 or 2.3 at spdxVersion")
    beginning = f"tool: {tool}-".lower()
    creators = found.creation.creators if found.creation else ()
    version = next((each[len(beginning) :] for each in creators if each.lower().startswith(beginning)), "")
    untold = omitted("the document", "a bill of materials alone tells no vulnerabilities")
    return Report(tool_version=version[:200], left_out=(untold,))
