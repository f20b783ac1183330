"""What a tool or a format says of itself, and how its reports are told apart."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from picket.errors import Malformed, Unsupported
from picket.findings.model import Report
from picket.webhooks.receiving import Receiving

_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool, or a format that many tools write.

    Attributes:
        name: As in the registry, in `--format` and in `format=`.
        recognises: Whether a JSON document is a report of it.
        parse: Reads a report: the document, and the name of the tool that wrote it. It raises `Malformed`, which
            says where, and puts what it cannot use under `left_out`.
        receiving: How its webhooks are read, if it sends any.
    """

    name: str
    recognises: Callable[[Any], bool]
    parse: Callable[[Any, str], Report]
    receiving: Receiving | None = None


def read(body: bytes, tool: str, format_name: str, tools: Mapping[str, Tool]) -> Report:
    """Read a report.

    Args:
        body: The report as it was sent, JSON.
        tool: Name of the tool that wrote it.
        format_name: Name of its format; empty where the tool's name or the document tells.
        tools: The registry.

    Raises:
        Malformed: It is not JSON, or not what the format says; names the place.
        Unsupported: No such format is known, or the report is of none that is.
    """
    if format_name and format_name not in tools:
        raise Unsupported(f"format {format_name[:40]!r} is not read here; these are: {', '.join(sorted(tools))}")
    document = _json(body)
    found = tools.get(format_name or tool) or next((one for one in tools.values() if one.recognises(document)), None)
    if found is None:
        raise Unsupported(f"the report is in no format that is read here: {', '.join(sorted(tools))}")
    return found.parse(document, tool)


def _json(body: bytes) -> Any:  # noqa: ANN401 - JSON
    try:
        document = json.loads(body.decode("utf-8-sig"), parse_constant=_refuse)
        if _SURROGATE.search(body):
            json.dumps(document, ensure_ascii=False).encode()  # half a character can be neither sent nor stored
    except UnicodeDecodeError as error:
        raise Malformed(f"the report is not UTF-8 at byte {error.start}") from None
    except json.JSONDecodeError as error:
        raise Malformed(f"the report is not JSON at line {error.lineno}, column {error.colno}") from None
    except (ValueError, RecursionError):
        raise Malformed("the report is not JSON that can be read") from None
    return document


def _refuse(_constant: str) -> None:
    raise ValueError("JSON has no such number")
