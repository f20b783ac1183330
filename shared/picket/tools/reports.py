"""Reads reports, whichever format they are in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from picket.errors import Malformed, Unsupported
from picket.findings.model import Report
from picket.tools import syntax
from picket.tools.tool import Syntax, Tool


def read(body: bytes, tool: str, format_name: str, tools: Mapping[str, Tool]) -> Report:
    """Read a report.

    Args:
        body: The report as it was sent.
        tool: Name of the tool that wrote it.
        format_name: Name of its format; empty where the tool's name or the document tells.
        tools: The registry.

    Raises:
        Malformed: It is not written as its format is, or not what the format says; names the place.
        Unsupported: No such format is known, or the report is of none that is.
    """
    if format_name and format_name not in tools:
        raise Unsupported(f"format {format_name[:40]!r} is not read here; these are: {', '.join(sorted(tools))}")
    known = tools.get(format_name or tool)
    if format_name and known is not None:
        return known.parse(document(body, known), tool)
    if known is not None and known.syntax == "text" and known.recognises(found := syntax.text(body)):
        return known.parse(found, tool)
    written = _written(body)
    for one in (known, *tools.values()):
        if one is not None and one.syntax in written and one.recognises(written[one.syntax]):
            return one.parse(written[one.syntax], tool)
    raise Unsupported(f"the report is in no format that is read here: {', '.join(sorted(tools))}")


def document(body: bytes, tool: Tool) -> Any:  # noqa: ANN401 - JSON or XML
    """Read what a tool wrote, in the syntax that it writes.

    Raises:
        Malformed: It is not written so; says where.
    """
    return _READERS[tool.syntax](body)


def _written(body: bytes) -> dict[str, Any]:
    """Read a report in each syntax that it may be written in.

    Raises:
        Malformed: It is written in none; says where it is not JSON.
    """
    if body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return {"xml": syntax.xml(body)}
    try:
        document = syntax.json_document(body)
    except Malformed:
        values = syntax.json_values(body)
        if len(values) < 2:  # noqa: PLR2004 - one value is a document, and is broken
            raise
        return {"values": values}
    return {"json": document, "values": [document]}


_READERS: dict[Syntax, Callable[[bytes], Any]] = {
    "json": syntax.json_document,
    "values": syntax.json_values,
    "xml": syntax.xml,
    "text": syntax.text,
}
