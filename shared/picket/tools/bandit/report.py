"""From Bandit's JSON to problems."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from picket.findings.model import Place, Problem, Report
from picket.tools.places import below_top
from picket.tools.reading import Listed, Number, Part, Told, clipped, linked, omitted, report, validated
from picket.tools.severities import certain, named


class _Weakness(Part):
    id: Number = 0


class _Result(Part):
    test_id: str
    test_name: Told = ""
    severity: Told = Field(default="", alias="issue_severity")
    confidence: Told = Field(default="", alias="issue_confidence")
    cwe: _Weakness | None = Field(default=None, alias="issue_cwe")
    filename: str
    line: Number = Field(default=0, alias="line_number")
    lines: Listed[Number] = Field(default=(), alias="line_range")
    link: Told = Field(default="", alias="more_info")


class _Error(Part):
    filename: Told = ""


class _Document(Part):
    errors: Listed[_Error]
    results: Listed[_Result]


def recognises(document: Any) -> bool:  # noqa: ANN401 - JSON
    """Return whether a document is Bandit's: errors, metrics and results."""
    return isinstance(document, dict) and {"errors", "metrics", "results", "generated_at"} <= document.keys()


def parse(document: Any, tool: str) -> Report:  # noqa: ANN401, ARG001 - JSON; all formats are read alike
    """Read a document.

    Raises:
        Malformed: It is not what Bandit writes; says where.
    """
    found = validated(_Document, document, "Bandit's JSON")
    return report(
        ((f"results[{index}]", result) for index, result in enumerate(found.results)),
        _problem,
        left_out=[omitted(error.filename, "Bandit cannot read the file") for error in found.errors],
    )


def _problem(result: _Result) -> Problem:
    """Make a problem, called by the test's name: the text of a hard-coded password's result quotes the password."""
    return Problem(
        kind="weakness",
        rule=result.test_id,
        title=clipped(result.test_name.replace("_", " ").capitalize()),
        severity=named(result.severity),
        confidence=certain(result.confidence),
        cwe=(f"CWE-{result.cwe.id}",) if result.cwe and result.cwe.id else (),
        link=linked(result.link),
        places=(
            Place(
                path=below_top(result.filename),
                start_line=result.line,
                end_line=max(result.line, *result.lines) if result.lines else result.line,
            ),
        ),
    )
