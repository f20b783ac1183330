"""A setting that should be another: the same control on the same resource of the same file is the same finding."""

from __future__ import annotations

from picket.findings.kinds.kind import Kind, control, normalised, path_of
from picket.findings.model import Problem


def _identify(tool: str, problem: Problem, lines: str) -> tuple[str, ...]:
    return (control(tool, problem), path_of(problem), problem.resource or normalised(lines))


KIND = Kind(
    name="misconfiguration",
    identify=_identify,
    needs_lines=True,
    equals_are_distinct=True,
    closes_by_report=True,
    leaves_residue=False,
    remediation="Change the setting as the control's documentation describes.",
)
