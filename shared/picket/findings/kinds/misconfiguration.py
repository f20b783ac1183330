"""A setting that should be another: the same control on the same resource of the same file is the same finding."""

from __future__ import annotations

import re

from picket.findings.controls import KUBERNETES, control_of
from picket.findings.kinds.kind import Identity, Kind, Lines, control, normalised, path_of
from picket.findings.model import Problem

_OBJECT = re.compile(r"[a-z0-9.]+/[^/\s]*/[^/\s]+")
"""How `addresses.object_address` writes an object of Kubernetes."""


def _identify(tool: str, problem: Problem, lines: Lines) -> tuple[Identity, ...]:
    """Tell one by its control, where several tools know it, and by what the file says it is in.

    A tool that looks at a cluster, or tells no lines, may tell the object in the same way. A tool's own address of the
    resource, or the text of the lines, identifies what no other tool knows; the address is what identified it before
    several tools were known to mean the same.
    """
    own = (control(tool, problem), path_of(problem), problem.resource or normalised(lines.text))
    known = control_of(tool, problem.rule)
    if not known:
        return (own,)
    told = lines.kubernetes or (problem.resource if _OBJECT.fullmatch(problem.resource) else "")
    if known.startswith(KUBERNETES) and not told:
        return (own,)  # it is not known which object of the file is meant
    joint = (known, path_of(problem), told)
    return (joint, own) if problem.resource else (joint,)


def _are_distinct(tool: str, problem: Problem) -> bool:
    """Return whether equal ones are findings of their own: tools count what fails a shared control differently."""
    return not control_of(tool, problem.rule)


KIND = Kind(
    name="misconfiguration",
    identify=_identify,
    needs_lines=True,
    equals_are_distinct=_are_distinct,
    closes_by_report=True,
    leaves_residue=False,
    remediation="Change the setting as the control's documentation describes.",
)
