"""From zizmor's JSON to problems."""

from __future__ import annotations

from typing import Any

from pydantic import Field, TypeAdapter

from picket.findings.model import MAX_PLACES, Place, Problem, Report
from picket.tools.places import Outside, below_top
from picket.tools.reading import Listed, Number, Part, Told, Unusable, clipped, linked, report, validated
from picket.tools.severities import certain, named


class _Local(Part):
    path: Told = Field(default="", alias="verbatim_path")
    given: Told = Field(default="", alias="given_path")
    """What versions before 1.30 call it."""


class _Key(Part):
    local: _Local | None = Field(default=None, alias="Local")


class _Step(Part):
    key: str | None = Field(default=None, alias="Key")
    index: int | None = Field(default=None, alias="Index")


class _Route(Part):
    route: Listed[_Step] = ()


class _Symbolic(Part):
    key: _Key
    kind: Told = ""
    route: _Route = _Route()


class _Point(Part):
    row: Number
    column: Number


class _Span(Part):
    start: _Point = Field(alias="start_point")
    end: _Point = Field(alias="end_point")


class _Concrete(Part):
    location: _Span


class _Location(Part):
    symbolic: _Symbolic
    concrete: _Concrete


class _Determinations(Part):
    confidence: Told = ""
    severity: Told = ""


class _Result(Part):
    ident: str
    description: Told = Field(default="", alias="desc")
    url: Told = ""
    determinations: _Determinations
    locations: Listed[_Location]
    ignored: bool = False


_RESULTS = TypeAdapter(Listed[_Result])


def recognises(document: Any) -> bool:  # noqa: ANN401 - JSON
    """Return whether a document is zizmor's: a list of results with an ident and determinations."""
    return (
        isinstance(document, list)
        and bool(document)
        and isinstance(document[0], dict)
        and {"ident", "determinations", "locations"} <= document[0].keys()
    )


def parse(document: Any, tool: str) -> Report:  # noqa: ANN401, ARG001 - JSON; all formats are read alike
    """Read a document.

    Raises:
        Malformed: It is not what zizmor writes; says where.
    """
    results = validated(_RESULTS, document, "zizmor's JSON")
    return report(
        ((f"[{index}]", result) for index, result in enumerate(results) if not result.ignored),
        _problem,
    )


def _problem(result: _Result) -> Problem:
    """Make a problem of a result, at its primary locations.

    Raises:
        Outside: It is of no file of the repository.
        Unusable: It has no primary location.
    """
    primary = [each for each in result.locations if each.symbolic.kind == "Primary"]
    if not primary:
        raise Unusable("the result has no primary location")
    return Problem(
        kind="misconfiguration",
        rule=result.ident,
        title=clipped(result.description),
        severity=named(result.determinations.severity),
        confidence=certain(result.determinations.confidence),
        resource=clipped(_address(primary[0].symbolic.route.route)),
        link=linked(result.url),
        places=tuple(_place(each) for each in primary[:MAX_PLACES]),
    )


def _place(location: _Location) -> Place:
    """Return a location's place; zizmor counts rows and columns from 0."""
    local = location.symbolic.key.local
    if local is None:
        raise Outside("the result is of a file that was fetched from elsewhere")
    span = location.concrete.location
    return Place(
        path=below_top(local.path or local.given),
        start_line=span.start.row + 1,
        end_line=span.end.row + 1,
        start_column=span.start.column + 1,
        end_column=span.end.column,
    )


def _address(route: tuple[_Step, ...]) -> str:
    """Return what a route leads to, such as `jobs.build.steps[0]`."""
    return "".join(
        f".{step.key}" if step.key is not None else f"[{step.index}]"
        for step in route
        if step.key is not None or step.index is not None
    ).removeprefix(".")
