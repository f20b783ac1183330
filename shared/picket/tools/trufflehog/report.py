"""From TruffleHog's JSON lines to problems."""

from __future__ import annotations

from typing import Any

from pydantic import Field, TypeAdapter

from picket.findings.model import Place, Problem, Report
from picket.tools.places import Outside, below_top
from picket.tools.reading import Listed, Number, Part, Told, omitted, report, validated

_VERIFIED = 0.99
_UNVERIFIED = 0.6


class _At(Part):
    file: Told = ""
    line: Number = 0


class _Data(Part):
    git: _At | None = Field(default=None, alias="Git")
    github: _At | None = Field(default=None, alias="Github")
    gitlab: _At | None = Field(default=None, alias="Gitlab")
    filesystem: _At | None = Field(default=None, alias="Filesystem")


class _Source(Part):
    data: _Data = Field(default=_Data(), alias="Data")


class _Result(Part):
    source: _Source = Field(alias="SourceMetadata")
    detector: str = Field(alias="DetectorName")
    verified: bool = Field(default=False, alias="Verified")
    raw: Told = Field(default="", alias="Raw", repr=False)


class _Log(Part):
    level: Told = ""


_RESULTS = TypeAdapter(Listed[_Result])
_LOGS = TypeAdapter(Listed[_Log])


def recognises(document: Any) -> bool:  # noqa: ANN401 - JSON
    """Return whether values are TruffleHog's: one of them is a result."""
    return isinstance(document, list) and any(map(_is_result, document))


def parse(document: Any, tool: str) -> Report:  # noqa: ANN401, ARG001 - JSON; all formats are read alike
    """Read a document. Values that are no results are its log: an error there leaves something out.

    Raises:
        Malformed: It is not what TruffleHog writes; says where.
    """
    values = document if isinstance(document, list) else [document]
    results = validated(_RESULTS, [value for value in values if _is_result(value)], "TruffleHog's JSON")
    logs = validated(_LOGS, [value for value in values if not _is_result(value)], "TruffleHog's log")
    return report(
        ((f"[{index}]", result) for index, result in enumerate(results)),
        _problem,
        left_out=[
            omitted("the log", "TruffleHog tells of an error")
            for log in logs
            if log.level.startswith(("error", "fatal"))
        ],
    )


def _is_result(value: Any) -> bool:  # noqa: ANN401 - JSON
    return isinstance(value, dict) and {"SourceMetadata", "DetectorName"} <= value.keys()


def _problem(result: _Result) -> Problem:
    """Make a problem of a result.

    Raises:
        Outside: It is of no file.
    """
    data = result.source.data
    at = data.git or data.github or data.gitlab or data.filesystem
    if at is None:
        raise Outside("the result names no file")
    return Problem(
        kind="secret",
        rule=result.detector,
        title=result.detector,
        severity="critical" if result.verified else "high",
        confidence=_VERIFIED if result.verified else _UNVERIFIED,
        secret=result.raw,
        places=(Place(path=below_top(at.file), start_line=at.line, end_line=at.line),),
    )
