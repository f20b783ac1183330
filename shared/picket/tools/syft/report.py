"""Reads what Syft writes: components, of which none is a problem by itself."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from picket.findings.model import Report
from picket.tools.reading import Listed, Part, Told, validated


class _Component(Part):
    name: Told = ""
    version: Told = ""


class _Tools(Part):
    components: Listed[_Component] = ()


class _Metadata(Part):
    tools: _Tools | Listed[_Component] = _Tools()
    """An object since CycloneDX 1.5, a list before."""


class _Document(Part):
    format: str = Field(alias="bomFormat")
    metadata: _Metadata
    components: Listed[_Component] = ()


def recognises(document: Any) -> bool:  # noqa: ANN401 - JSON
    """Return whether a document is a CycloneDX bill of materials that Syft wrote."""
    if not isinstance(document, dict) or document.get("bomFormat") != "CycloneDX":
        return False
    metadata = document.get("metadata")
    tools = metadata.get("tools") if isinstance(metadata, dict) else None
    named = tools.get("components") if isinstance(tools, dict) else tools
    return isinstance(named, list) and any(isinstance(each, dict) and each.get("name") == "syft" for each in named)


def parse(document: Any, tool: str) -> Report:  # noqa: ANN401, ARG001 - JSON; all formats are read alike
    """Read a document.

    Raises:
        Malformed: It is not what Syft writes; says where.
    """
    tools = validated(_Document, document, "Syft's CycloneDX").metadata.tools
    named = tools.components if isinstance(tools, _Tools) else tools
    return Report(tool_version=next((each.version for each in named if each.name == "syft"), "")[:200])
