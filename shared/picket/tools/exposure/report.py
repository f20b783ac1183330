"""From the JSON that `picket.exposure` writes to problems. It read manifests that nobody trusts, and neither is it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from picket.events import Severity
from picket.findings.model import LeftOut, Place, Problem, Report
from picket.tools.places import below_top
from picket.tools.reading import Listed, Number, Part, Told, clipped, omitted, report, validated


class _Place(Part):
    path: str
    start_line: Number = 0


class _Exposure(Part):
    kind: Literal["exposure"]
    rule: Annotated[str, StringConstraints(pattern=r"^(?:in|e)gress-[a-z0-9.-]{1,150}$")]
    title: Told = ""
    severity: Severity
    confidence: float = Field(default=0.9, ge=0, le=1)
    resource: Annotated[str, StringConstraints(min_length=1, max_length=1_000)]
    attribute: Annotated[
        str, StringConstraints(pattern=r"^(?:any|(?:TCP|UDP|SCTP)/(?:any|[0-9]{1,5}(?:-[0-9]{1,5})?))$")
    ]
    remediation: Told = ""
    places: Listed[_Place] = ()


class _LeftOut(Part):
    where: Told = ""
    reason: Told = ""


class _Document(Part):
    tool: Literal["picket.exposure"]
    version: Told = ""
    problems: Listed[_Exposure]
    left_out: Listed[_LeftOut]


def recognises(document: Any) -> bool:  # noqa: ANN401 - JSON
    """Return whether a document is of `picket.exposure`, which says so."""
    return isinstance(document, dict) and document.get("tool") == "picket.exposure"


def parse(document: Any, tool: str) -> Report:  # noqa: ANN401, ARG001 - JSON; all formats are read alike
    """Read a document. The drawing in it is for who ran the program: what is shown to others is drawn anew.

    Raises:
        Malformed: It is not what `picket.exposure` writes; says where.
    """
    found = validated(_Document, document, "the JSON of picket.exposure")
    return report(
        ((f"problems[{index}]", each) for index, each in enumerate(found.problems)),
        _problem,
        left_out=_left_out(found),
        version=found.version,
    )


def _left_out(found: _Document) -> list[LeftOut]:
    return [omitted(each.where, each.reason) for each in found.left_out]


def _problem(found: _Exposure) -> Problem:
    """Make a problem of an exposure.

    Raises:
        Outside: Its file is not in the repository.
    """
    return Problem(
        kind=found.kind,
        rule=found.rule,
        title=clipped(found.title),
        severity=found.severity,
        confidence=found.confidence,
        resource=found.resource,
        attribute=found.attribute,
        remediation=clipped(found.remediation),
        places=tuple(
            Place(path=below_top(each.path), start_line=each.start_line, end_line=each.start_line)
            for each in found.places
        ),
    )
