"""From gosec's JSON to problems. The code that it quotes is not read."""

from __future__ import annotations

import re
from typing import Any

from pydantic import Field

from picket.findings.model import Place, Problem, Report
from picket.tools.cwes import cwes
from picket.tools.places import below_top
from picket.tools.reading import Listed, Part, Told, Unusable, clipped, linked, omitted, report, validated
from picket.tools.severities import certain, named

_LINES = re.compile(r"([0-9]{1,9})(?:-([0-9]{1,9}))?")


class _Weakness(Part):
    id: Told = ""
    url: Told = ""


class _Issue(Part):
    rule: str = Field(alias="rule_id")
    details: Told = ""
    severity: Told = ""
    confidence: Told = ""
    cwe: _Weakness | None = None
    file: str
    line: Told = ""
    nosec: bool | None = False
    suppressions: Listed[Any] = ()


class _Document(Part):
    issues: Listed[_Issue] = Field(alias="Issues")
    errors: dict[str, Listed[Any]] | None = Field(default=None, alias="Golang errors")
    version: Told = Field(default="", alias="GosecVersion")


def recognises(document: Any) -> bool:  # noqa: ANN401 - JSON
    """Return whether a document is gosec's."""
    return isinstance(document, dict) and {"Issues", "Golang errors"} <= document.keys()


def parse(document: Any, tool: str) -> Report:  # noqa: ANN401, ARG001 - JSON; all formats are read alike
    """Read a document.

    Raises:
        Malformed: It is not what gosec writes; says where.
    """
    found = validated(_Document, document, "gosec's JSON")
    return report(
        (
            (f"Issues[{index}]", issue)
            for index, issue in enumerate(found.issues)
            if not (issue.nosec or issue.suppressions)
        ),
        _problem,
        left_out=[omitted(path or "a package", "gosec cannot read it") for path in found.errors or {}],
        version=found.version,
    )


def _problem(issue: _Issue) -> Problem:
    """Make a problem of an issue.

    Raises:
        Outside: It is of no file of the repository.
        Unusable: Its line is not a number.
    """
    lines = _LINES.fullmatch(issue.line)
    if lines is None:
        raise Unusable("its line is not a number")
    return Problem(
        kind="weakness",
        rule=issue.rule,
        title=clipped(issue.details.partition(":")[0]),
        severity=named(issue.severity),
        confidence=certain(issue.confidence),
        cwe=cwes((f"CWE-{issue.cwe.id}",)) if issue.cwe else (),
        link=linked(issue.cwe.url) if issue.cwe else "",
        places=(Place(path=below_top(issue.file), start_line=int(lines[1]), end_line=int(lines[2] or lines[1])),),
    )
