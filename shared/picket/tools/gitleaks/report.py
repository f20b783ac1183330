"""From Gitleaks' JSON to problems.

Its fingerprint holds commit and line, so one leak has many: the value tells which are the same.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field, TypeAdapter

from picket.findings.model import Place, Problem, Report
from picket.tools.places import below_top
from picket.tools.reading import Listed, Number, Part, Told, clipped, report, validated

_REDACTED = ("REDACTED", "...")
"""How a value ends that `--redact` has hidden, in whole or in part."""


class _Finding(Part):
    rule: str = Field(alias="RuleID")
    file: str = Field(alias="File")
    start_line: Number = Field(default=0, alias="StartLine")
    end_line: Number = Field(default=0, alias="EndLine")
    start_column: Number = Field(default=0, alias="StartColumn")
    end_column: Number = Field(default=0, alias="EndColumn")
    secret: Told = Field(default="", alias="Secret", repr=False)


_FINDINGS = TypeAdapter(Listed[_Finding])


def recognises(document: Any) -> bool:  # noqa: ANN401 - JSON
    """Return whether a document is Gitleaks': a list of findings with rule, file and fingerprint."""
    return (
        isinstance(document, list)
        and bool(document)
        and isinstance(document[0], dict)
        and {"RuleID", "File", "Fingerprint"} <= document[0].keys()
    )


def parse(document: Any, tool: str) -> Report:  # noqa: ANN401, ARG001 - JSON; all formats are read alike
    """Read a document.

    Raises:
        Malformed: It is not what Gitleaks writes; says where.
    """
    findings = validated(_FINDINGS, document, "Gitleaks' JSON")
    return report(((f"[{index}]", finding) for index, finding in enumerate(findings)), _problem)


def _problem(finding: _Finding) -> Problem:
    return Problem(
        kind="secret",
        rule=finding.rule,
        title=clipped(finding.rule.replace("-", " ")),
        severity="high",
        secret="" if finding.secret.endswith(_REDACTED) else finding.secret,
        places=(
            Place(
                path=below_top(finding.file),
                start_line=finding.start_line,
                end_line=finding.end_line,
                start_column=finding.start_column,
                end_column=finding.end_column,
            ),
        ),
    )
