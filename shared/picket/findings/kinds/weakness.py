"""A weakness of the code itself, such as an injection: the same statement of the same file is the same finding."""

from __future__ import annotations

from picket.findings.kinds.kind import Identity, Kind, Lines, always, control, normalised, path_of
from picket.findings.model import Problem


def _identify(tool: str, problem: Problem, lines: Lines) -> tuple[Identity, ...]:
    weakness = problem.cwe[0] if problem.cwe else control(tool, problem)
    return ((weakness, path_of(problem), normalised(lines.text)),)


KIND = Kind(
    name="weakness",
    identify=_identify,
    needs_lines=True,
    equals_are_distinct=always,
    closes_by_report=True,
    leaves_residue=False,
    remediation="Change the statement as the rule's documentation describes.",
)
