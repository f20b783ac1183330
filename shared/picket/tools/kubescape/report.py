"""From Kubescape's JSON to problems: controls that a resource failed.

A control that was skipped says nothing, and is passed over: most of them ask for a person's review, always.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from pydantic import Field

from picket.events import Severity
from picket.findings.addresses import object_address
from picket.findings.model import Place, Problem, Report
from picket.tools.places import below_top
from picket.tools.reading import MAX_RESULTS, Listed, Part, Told, Unusable, clipped, report, validated
from picket.tools.severities import UNKNOWN, scored

_FAILED = "failed"
_CONTROL = re.compile(r"C-[0-9]{4}")


class _Status(Part):
    status: Told = ""


class _At(Part):
    path: Told = ""


class _Path(Part):
    failed: Told = Field(default="", alias="failedPath")
    fix: _At | None = Field(default=None, alias="fixPath")


class _Rule(Part):
    status: Told = ""
    paths: Listed[_Path] = ()


class _Control(Part):
    id: str = Field(alias="controlID")
    name: Told = ""
    status: _Status | None = None
    rules: Listed[_Rule] = ()


class _Result(Part):
    resource: str = Field(alias="resourceID")
    controls: Listed[_Control] = ()


class _Metadata(Part):
    name: Told = ""
    namespace: Told = ""


class _Object(Part):
    """An object; a subject of a role has its name at the top."""

    kind: Told = ""
    name: Told = ""
    namespace: Told = ""
    metadata: _Metadata | None = None


class _Source(Part):
    path: Told = Field(default="", alias="relativePath")


class _Resource(Part):
    id: str = Field(alias="resourceID")
    object: _Object | None = None
    source: _Source | None = None


class _Rated(Part):
    score: float | None = Field(default=None, alias="scoreFactor")


class _Summary(Part):
    controls: dict[str, _Rated] = Field(default_factory=dict, max_length=MAX_RESULTS)


class _Document(Part):
    results: Listed[_Result]
    resources: Listed[_Resource] = ()
    summary: _Summary = Field(default=_Summary(), alias="summaryDetails")


_Each = tuple[_Result, _Control]


def recognises(document: Any) -> bool:  # noqa: ANN401 - JSON
    """Return whether a document is Kubescape's: results and a summary; a list of no resources is not written."""
    return isinstance(document, dict) and {"results", "summaryDetails"} <= document.keys()


def parse(document: Any, tool: str) -> Report:  # noqa: ANN401, ARG001 - JSON; all formats are read alike
    """Read a document.

    Raises:
        Malformed: It is not what Kubescape writes; says where.
    """
    found = validated(_Document, document, "Kubescape's JSON")
    resources = {each.id: each for each in found.resources}
    return report(_results(found), lambda each: _problem(*each, resources, found.summary.controls))


def _results(found: _Document) -> Iterator[tuple[str, _Each]]:
    for index, result in enumerate(found.results):
        for number, control in enumerate(result.controls):
            if _has_failed(control):
                yield f"results[{index}].controls[{number}]", (result, control)


def _has_failed(control: _Control) -> bool:
    """Return whether a resource failed a control; Kubescape 2 told that of its rules alone."""
    if control.status and control.status.status:
        return control.status.status == _FAILED
    return any(rule.status == _FAILED for rule in control.rules)


def _problem(result: _Result, control: _Control, resources: dict[str, _Resource], rated: dict[str, _Rated]) -> Problem:
    """Make a problem of a control that a resource failed.

    Raises:
        Outside: The resource is of a file that is not in the repository.
        Unusable: The resource is not told.
    """
    resource = resources.get(result.resource)
    if resource is None or resource.object is None:
        raise Unusable("the resource is not among those of the report")
    path = resource.source.path if resource.source else ""
    return Problem(
        kind="misconfiguration",
        rule=control.id,
        title=clipped(control.name),
        severity=_severity(rated.get(control.id)),
        confidence=0.9,
        resource=clipped(_address(resource.object)),
        attribute=clipped(_attribute(control)),
        link=f"https://kubescape.io/docs/controls/{control.id.lower()}/" if _CONTROL.fullmatch(control.id) else "",
        places=(Place(path=below_top(path)),) if path else (),
    )


def _severity(rated: _Rated | None) -> Severity:
    """Return the severity of a control's score, from 0 to 10; 0 is one that nobody rated."""
    return (scored(rated.score) if rated and rated.score else None) or UNKNOWN


def _address(told: _Object) -> str:
    inner = told.metadata or _Metadata()
    return object_address(told.kind, inner.namespace or told.namespace, inner.name or told.name)


def _attribute(control: _Control) -> str:
    """Return the settings that failed, or that are missing."""
    paths = (path for rule in control.rules for path in rule.paths)
    told = {each for path in paths for each in (path.failed, path.fix.path if path.fix else "")}
    return ",".join(sorted(told - {""}))
