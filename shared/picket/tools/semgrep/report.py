"""From Semgrep's JSON to problems. Messages and lines quote the code, which may be a secret: they are not read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import Field

from picket.events import Severity
from picket.findings.model import LeftOut, Place, Problem, Report
from picket.tools.cwes import cwes
from picket.tools.places import below_top
from picket.tools.reading import Listed, Number, Part, Told, clipped, linked, omitted, report, validated
from picket.tools.severities import certain, named

_SEVERITIES: dict[str, Severity] = {"error": "high", "warning": "medium", "info": "low"}
"""What Semgrep calls the three severities of before 2024. Source: its documentation of rules."""
_NOT_ITS_BUSINESS = frozenset(
    {
        "always_skipped",
        "cli_exclude_flags_match",
        "cli_include_flags_do_not_match",
        "gitignore_patterns_match",
        "irrelevant_rule",
        "semgrepignore_patterns_match",
        "wrong_language",
    }
)
"""Reasons to skip a file that leave nothing to be looked at, or that its user chose."""


class _Point(Part):
    line: Number = 0
    column: Number = Field(default=0, alias="col")


class _Metadata(Part):
    cwe: Any = ()
    confidence: Any = ""
    source: Any = ""


class _Extra(Part):
    severity: Told = ""
    metadata: _Metadata | None = None
    is_ignored: bool | None = False


class _Result(Part):
    check_id: str
    path: str
    start: _Point = _Point()
    end: _Point = _Point()
    extra: _Extra = _Extra()


class _Error(Part):
    path: Told = ""


class _Skipped(Part):
    path: Told = ""
    reason: Told = ""


class _Paths(Part):
    skipped: Listed[_Skipped] = ()


class _Document(Part):
    version: Told = ""
    results: Listed[_Result]
    errors: Listed[_Error] = ()
    paths: _Paths = _Paths()
    skipped_rules: Listed[Any] = ()


def recognises(document: Any) -> bool:  # noqa: ANN401 - JSON
    """Return whether a document is Semgrep's: results, errors and paths."""
    return isinstance(document, dict) and {"results", "errors", "paths"} <= document.keys()


def parse(document: Any, tool: str) -> Report:  # noqa: ANN401, ARG001 - JSON; all formats are read alike
    """Read a document.

    Raises:
        Malformed: It is not what Semgrep writes; says where.
    """
    found = validated(_Document, document, "Semgrep's JSON")
    return report(
        ((f"results[{index}]", each) for index, each in enumerate(found.results) if not each.extra.is_ignored),
        _problem,
        left_out=list(_unread(found)),
        version=found.version,
    )


def _unread(found: _Document) -> Iterator[LeftOut]:
    """Yield what it says it did not look at."""
    for index, error in enumerate(found.errors):
        yield omitted(error.path or f"errors[{index}]", "Semgrep tells of an error")
    for skipped in found.paths.skipped:
        if skipped.reason not in _NOT_ITS_BUSINESS:
            yield omitted(skipped.path, "Semgrep skipped the file")
    if found.skipped_rules:
        yield omitted("skipped_rules", f"Semgrep skipped {len(found.skipped_rules)} rules")


def _problem(result: _Result) -> Problem:
    """Make a problem of a result.

    Before the rule's name, the id tells the path of the file that the rule is in, with dots: that is where it was
    run, and no part of the rule. The fingerprint is the same for all results without an account.
    """
    rule = result.check_id.rpartition(".")[2]
    metadata = result.extra.metadata or _Metadata()
    return Problem(
        kind="weakness",
        rule=rule,
        title=clipped(rule.replace("-", " ").replace("_", " ").capitalize()),
        severity=_SEVERITIES.get(result.extra.severity.lower()) or named(result.extra.severity),
        confidence=certain(metadata.confidence if isinstance(metadata.confidence, str) else ""),
        cwe=cwes(_texts(metadata.cwe)),
        link=linked(metadata.source) if isinstance(metadata.source, str) else "",
        places=(
            Place(
                path=below_top(result.path),
                start_line=result.start.line,
                end_line=result.end.line,
                start_column=result.start.column,
                end_column=max(0, result.end.column - 1),
            ),
        ),
    )


def _texts(value: Any) -> tuple[str, ...]:  # noqa: ANN401 - whatever a rule's author wrote
    """Return the texts of metadata that is one text or a list of them."""
    values = value if isinstance(value, list) else [value]
    return tuple(each for each in values if isinstance(each, str))
