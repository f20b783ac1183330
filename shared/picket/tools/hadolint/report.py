"""From hadolint's JSON to problems."""

from __future__ import annotations

from typing import Any

from pydantic import Field, TypeAdapter

from picket.findings.model import Place, Problem, Report
from picket.tools.places import below_top
from picket.tools.reading import Listed, Number, Part, Unusable, clipped, report, validated
from picket.tools.severities import named

_UNREADABLE = "DL1000"
"""The rule of a file that it could not parse: nothing else was looked at in it."""


class _Result(Part):
    code: str = Field(max_length=200)
    level: str = ""
    file: str
    line: Number = 0
    message: str = ""


_RESULTS = TypeAdapter(Listed[_Result])


def recognises(document: Any) -> bool:  # noqa: ANN401 - JSON
    """Return whether a document is hadolint's: a list of results with code, file and level."""
    return (
        isinstance(document, list)
        and bool(document)
        and isinstance(document[0], dict)
        and {"code", "file", "level", "line"} <= document[0].keys()
    )


def parse(document: Any, tool: str) -> Report:  # noqa: ANN401, ARG001 - JSON; all formats are read alike
    """Read a document.

    Raises:
        Malformed: It is not what hadolint writes; says where.
    """
    results = validated(_RESULTS, document, "hadolint's JSON")
    return report(((f"[{index}]", result) for index, result in enumerate(results)), _problem)


def _problem(result: _Result) -> Problem:
    """Make a problem of a result.

    Raises:
        Outside: It is of no file of the repository.
        Unusable: It says that the file cannot be read.
    """
    place = Place(path=below_top(result.file), start_line=result.line, end_line=result.line)
    if result.code == _UNREADABLE:
        raise Unusable("hadolint cannot read the file")
    return Problem(
        kind="misconfiguration",
        rule=result.code,
        title=clipped(result.message),
        severity=named(result.level),
        confidence=0.9,
        link=f"https://github.com/hadolint/hadolint/wiki/{result.code}" if result.code.isalnum() else "",
        places=(place,),
    )
