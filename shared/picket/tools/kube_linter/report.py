"""From KubeLinter's JSON to problems. It tells no lines, and severities only where its settings have them."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from picket.findings.addresses import object_address
from picket.findings.model import Place, Problem, Report
from picket.tools.places import below_top
from picket.tools.reading import Listed, Part, Told, clipped, report, validated
from picket.tools.severities import named


class _Check(Part):
    name: Told = ""
    description: Told = ""


class _Kind(Part):
    kind: Told = Field(default="", alias="Kind")


class _Identified(Part):
    namespace: Told = Field(default="", alias="Namespace")
    name: Told = Field(default="", alias="Name")
    kind: _Kind = Field(default=_Kind(), alias="GroupVersionKind")


class _Metadata(Part):
    path: Told = Field(default="", alias="FilePath")


class _Object(Part):
    metadata: _Metadata = Field(alias="Metadata")
    identified: _Identified = Field(default=_Identified(), alias="K8sObject")


class _Diagnostic(Part):
    severity: Told = Field(default="", alias="Severity")


class _Report(Part):
    """A failed check; what its diagnostic says is not kept, since it quotes the manifest."""

    check: str = Field(alias="Check")
    diagnostic: _Diagnostic = Field(default=_Diagnostic(), alias="Diagnostic")
    remediation: Told = Field(default="", alias="Remediation")
    object: _Object = Field(alias="Object")


class _Summary(Part):
    version: Told = Field(default="", alias="KubeLinterVersion")


class _Document(Part):
    checks: Listed[_Check] = Field(default=(), alias="Checks")
    reports: Listed[_Report] = Field(alias="Reports")
    summary: _Summary = Field(default=_Summary(), alias="Summary")


def recognises(document: Any) -> bool:  # noqa: ANN401 - JSON
    """Return whether a document is KubeLinter's: checks, reports and a summary."""
    return isinstance(document, dict) and {"Checks", "Reports", "Summary"} <= document.keys()


def parse(document: Any, tool: str) -> Report:  # noqa: ANN401, ARG001 - JSON; all formats are read alike
    """Read a document.

    Raises:
        Malformed: It is not what KubeLinter writes; says where.
    """
    found = validated(_Document, document, "KubeLinter's JSON")
    titles = {check.name: check.description for check in found.checks}
    return report(
        ((f"Reports[{index}]", each) for index, each in enumerate(found.reports)),
        lambda each: _problem(each, titles),
        version=found.summary.version,
    )


def _problem(found: _Report, titles: dict[str, str]) -> Problem:
    """Make a problem of a failed check.

    Raises:
        Outside: It is of no file of the repository.
    """
    told = found.object.identified
    return Problem(
        kind="misconfiguration",
        rule=found.check,
        title=clipped(titles.get(found.check, "")),
        severity=named(found.diagnostic.severity),
        confidence=0.9,
        resource=clipped(object_address(told.kind.kind, told.namespace, told.name)),
        remediation=clipped(found.remediation),
        places=(Place(path=below_top(found.object.metadata.path)),),
    )
