"""What a kind of finding says of itself."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from picket.findings.model import Problem

_BLANKS = re.compile(r"\s+")

Identity = tuple[str, ...]
"""Parts of what identifies a problem within the asset."""


@dataclass(frozen=True, slots=True)
class Lines:
    """What stands where a problem is: the text of its first place, and the object of Kubernetes that it is in."""

    text: str = ""
    kubernetes: str = ""


Identify = Callable[[str, Problem, Lines], tuple[Identity, ...]]
"""From the tool's name, the problem and what stands there to what identifies it.

Several identities mean the same problem, the first being what a new finding gets: ids of one vulnerability, or what
identified it in former versions. Never a title, description, severity, line number, scan, commit or image tag: those
change while the problem stays.
"""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of finding.

    Attributes:
        name: As in a finding's JSON.
        identify: What makes a problem of this kind the same one.
        needs_lines: Whether `identify` looks at what stands in the problem's lines.
        equals_are_distinct: Which problems with equal identities in one report are findings of their own, told apart
            by their order; others are one finding with several places.
        closes_by_report: Whether a complete report without it means that it is fixed.
        leaves_residue: Whether it goes on costing for a while after it is fixed, since it was out.
        remediation: What to do where neither tool nor rule says.
    """

    name: str
    identify: Identify
    needs_lines: bool
    equals_are_distinct: Callable[[str, Problem], bool]
    closes_by_report: bool
    leaves_residue: bool
    remediation: str


def always(_tool: str, _problem: Problem) -> bool:
    """Tell all equal problems apart."""
    return True


def never(_tool: str, _problem: Problem) -> bool:
    """Take all equal problems for one."""
    return False


def normalised(text: str) -> str:
    """Return *text* with each run of blanks as one: an indentation that changes leaves a statement the same."""
    return _BLANKS.sub(" ", text).strip()


def control(tool: str, problem: Problem) -> str:
    """Return the check that a problem failed, by the tool that knows it: `tool:rule`."""
    return f"{tool}:{problem.rule}".lower()


def path_of(problem: Problem) -> str:
    """Return the path of a problem's first place; empty if it has none."""
    return problem.places[0].path if problem.places else ""
