"""From a baseline of detect-secrets to problems. Its hashes are not kept: a short secret can be guessed from one."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from picket.findings.model import Place, Problem, Report
from picket.tools.places import below_top
from picket.tools.reading import Listed, Number, Part, Told, report, validated

_VERIFIED = 0.99
_BY_PATTERN = 0.7
_BY_ENTROPY = 0.4
_GUESSES = frozenset({"Base64 High Entropy String", "Hex High Entropy String", "Secret Keyword"})


class _Finding(Part):
    type: str
    filename: Told = ""
    line: Number = Field(default=0, alias="line_number")
    verified: bool = Field(default=False, alias="is_verified")
    is_secret: bool | None = None
    """What a person said of it in an audit."""


class _Document(Part):
    version: Told = ""
    results: dict[str, Listed[_Finding]]


def recognises(document: Any) -> bool:  # noqa: ANN401 - JSON
    """Return whether a document is a baseline."""
    return isinstance(document, dict) and {"plugins_used", "results", "version"} <= document.keys()


def parse(document: Any, tool: str) -> Report:  # noqa: ANN401, ARG001 - JSON; all formats are read alike
    """Read a document.

    Raises:
        Malformed: It is not what detect-secrets writes; says where.
    """
    found = validated(_Document, document, "a baseline of detect-secrets")
    return report(
        (
            (f"results.{path[:500]}[{index}]", (path, finding))
            for path, findings in found.results.items()
            for index, finding in enumerate(findings)
            if finding.is_secret is not False
        ),
        lambda each: _problem(*each),
        version=found.version,
    )


def _problem(path: str, finding: _Finding) -> Problem:
    guessed = _BY_ENTROPY if finding.type in _GUESSES else _BY_PATTERN
    return Problem(
        kind="secret",
        rule=finding.type,
        title=finding.type,
        severity="high",
        confidence=_VERIFIED if finding.verified else guessed,
        places=(Place(path=below_top(finding.filename or path), start_line=finding.line, end_line=finding.line),),
    )
