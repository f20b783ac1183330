"""From hadolint's JSON to problems."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from picket.findings.model import LeftOut, Place, Problem, Report
from picket.tools.places import Outside, below_top
from picket.tools.reading import validated
from picket.tools.severities import named

_UNREADABLE = "DL1000"
"""The rule of a file that it could not parse: nothing else was looked at in it."""


class _Result(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    code: str = Field(max_length=200)
    level: str = ""
    file: str
    line: int = Field(default=0, ge=0)
    column: int = Field(default=0, ge=0)
    message: str = ""


_RESULTS = TypeAdapter(tuple[_Result, ...])


def is_hadolint(document: Any) -> bool:  # noqa: ANN401 - JSON
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
    problems: list[Problem] = []
    left_out: list[LeftOut] = []
    results = validated(_RESULTS, document, "hadolint's JSON")
    for index, result in enumerate(results):
        try:
            place = Place(path=below_top(result.file), start_line=result.line, end_line=result.line)
        except Outside as error:
            left_out.append(LeftOut(where=f"[{index}]", reason=str(error)))
            continue
        if result.code == _UNREADABLE:
            left_out.append(LeftOut(where=f"{place.path[:900]}:{result.line}", reason="hadolint cannot read the file"))
            continue
        problems.append(
            Problem(
                kind="misconfiguration",
                rule=result.code,
                title=result.message[:1_000],
                severity=named(result.level),
                confidence=0.9,
                link=f"https://github.com/hadolint/hadolint/wiki/{result.code}" if result.code.isalnum() else "",
                places=(place,),
            )
        )
    return Report(problems=tuple(problems), left_out=tuple(left_out))
