"""Query parameters: what each route admits, as the schemas that the API describes, and how a request's are read.

A value that nothing can have is refused, as a parameter is that a route does not know: an empty list in answer to a
misspelt filter would pass for an all-clear.
"""

from __future__ import annotations

import math
import re
from typing import Any, get_args

from flask import request

from picket.confidence import MIN_CONFIDENCE
from picket.effects.mongo.rejections import COLLECTIONS
from picket.effects.mongo.scans import STATES
from picket.errors import Unsupported
from picket.events import AssetType, Severity
from picket.findings import life
from picket.tools import TOOLS

Json = dict[str, Any]
DEFAULT_LIMIT, MAX_LIMIT = 50, 200
_TEXT: Json = {"type": "string"}
_PAGING: dict[str, Json] = {
    "limit": {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
    "after": {"type": "string", "default": "", "description": "cursor: `next` of the page before"},
}
_FINDINGS: dict[str, Json] = {
    "repository": {"type": "string", "description": "id, name or URL of a repository"},
    "kind": {"type": "string", "description": "secret, vulnerability, misconfiguration, weakness or exposure"},
    "state": {
        "type": "string",
        "enum": [*life.STATES, "exempt", "resolved"],
        "description": "exempt and resolved are former names of accepted and fixed",
    },
    "severity": {"type": "string", "enum": list(get_args(Severity))},
    "rule": {"type": "string", "description": "id of a rule in force, or of a finding"},
    "reporter": {"type": "string", "description": "name of a tool, or picket: only what it reports"},
    "assignee": {"type": "string", "description": "only what is assigned to this person; empty: to nobody"},
    "value_id": {"type": "string", "description": "of a finding: the same secret in every repository"},
    "scan": {"type": "string", "description": "id of a scan: only what it has introduced"},
    "min_confidence": {
        "type": "number",
        "minimum": 0,
        "maximum": 1,
        "default": MIN_CONFIDENCE,
        "description": "`left_out` on the first page counts those below, up to 1,000",
    },
    "occurrences": {"type": "boolean", "default": False, "description": "also where each shows, up to 100 places"},
}
_SCANS: dict[str, Json] = {
    "state": {"type": "string", "enum": list(STATES), "default": "open", "description": "open: all that are not final"},
    "repository": {"type": "string", "description": "id, name or URL of a repository"},
}
_LETTERS: dict[str, Json] = {
    "function": {"type": "string", "description": "a function, or the Trigger of a letter"},
    "kind": {"type": "string", "enum": list(COLLECTIONS)},
    "all": {"type": "boolean", "default": False, "description": "also what was replayed or dropped"},
}
_REPORT: dict[str, Json] = {
    "tool": {"type": "string", "description": "name of the tool that wrote the report; needed"},
    "asset": {"type": "string", "description": "id, name or URL of the repository, or name of what it is of; needed"},
    "asset_type": {
        "type": "string",
        "enum": list(get_args(AssetType)),
        "default": "repository",
        "description": "what kind of asset it is of; an image is named with its tag or digest",
    },
    "format": {"type": "string", "enum": sorted(TOOLS), "description": "recognised where it is not given"},
    "ref": {"type": "string", "description": "branch or full name of a ref; the default branch unless said"},
    "commit": {"type": "string", "description": "full id of the commit; the ref's tip unless said"},
    "complete": {
        "type": "boolean",
        "default": False,
        "description": "whether it tells all that the tool finds: what it no longer tells is then fixed",
    },
}
PARAMETERS: dict[str, dict[str, Json]] = {
    "findings.page": _FINDINGS | _PAGING,
    "triage.page": {"all": {"type": "boolean", "default": False, "description": "also what is decided"}} | _PAGING,
    "reports.add": _REPORT,
    "reports.page": {"asset": {"type": "string", "description": "id, name or URL of a repository"}} | _PAGING,
    "policy.test": _PAGING | {"limit": {**_PAGING["limit"], "maximum": 2_000}},
    "scans.page": _SCANS | _PAGING,
    "repositories.page": _PAGING,
    "repositories.forget": {"confirm": {"type": "string", "description": "name or id of the repository, once more"}},
    "organizations.page": _PAGING,
    "connections.page": _PAGING,
    "scores.teams": _PAGING,
    "scores.show": _PAGING | {"limit": {**_PAGING["limit"], "default": 100, "maximum": 1_000}},
    "dead_letters.page": _LETTERS | _PAGING,
    "pages.start": _PAGING,
}
"""Schemas by endpoint and parameter; a route that is not here admits none."""

_NUMBER = re.compile(r"[0-9][0-9.eE+-]{0,20}")
_WHOLE = re.compile(r"[0-9]{1,9}")


class OddQuery(Unsupported):
    """A query parameter is not one, or has a value that it cannot have."""

    def __init__(self, parameter: str, detail: str, values: list[str] | None = None) -> None:
        """Name the parameter, and what it may be where that is a closed list."""
        super().__init__(detail)
        self.members: Json = {"parameter": parameter[:100], **({"values": values} if values else {})}


def check(endpoint: str | None) -> None:
    """Check the names and values of the request's parameters; where no route leads, there is nothing to check.

    Raises:
        OddQuery: One is not admitted.
    """
    if endpoint is None:
        return
    admitted = PARAMETERS.get(endpoint, {})
    for name, values in request.args.lists():
        if name not in admitted:
            known = f"those of this route: {', '.join(admitted)}" if admitted else "this route has none"
            raise OddQuery(name, f"unknown query parameter {name[:100]!r}; {known}", list(admitted))
        if len(values) > 1:
            raise OddQuery(name, f"{name} is given {len(values)} times")
        _parsed(name, values[0], admitted[name])


def given() -> Json:
    """Return the request's parameters, as their schemas say, with defaults; those without one only where given."""
    admitted = PARAMETERS.get(request.endpoint or "", {})
    return {
        name: _parsed(name, request.args[name], schema) if name in request.args else schema["default"]
        for name, schema in admitted.items()
        if name in request.args or "default" in schema
    }


def _parsed(name: str, text: str, schema: Json) -> Any:  # noqa: ANN401 - of the type that the schema names
    if "enum" in schema and text not in schema["enum"]:
        raise OddQuery(name, f"{name} is one of {', '.join(schema['enum'])}", schema["enum"])
    if schema["type"] == "boolean":
        if text not in {"true", "false"}:
            raise OddQuery(name, f"{name} is true or false", ["true", "false"])
        return text == "true"
    return _number(name, text, schema) if schema["type"] in {"integer", "number"} else text


def _number(name: str, text: str, schema: Json) -> float:
    """Read a number between the schema's bounds."""
    is_whole = schema["type"] == "integer"
    value = math.nan
    if (_WHOLE if is_whole else _NUMBER).fullmatch(text):
        try:
            value = int(text) if is_whole else float(text)
        except ValueError:
            value = math.nan
    if not schema["minimum"] <= value <= schema["maximum"]:
        raise OddQuery(name, f"{name} is a number from {schema['minimum']} to {schema['maximum']}")
    return value
