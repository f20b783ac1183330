"""From CycloneDX to problems. A component alone is not a problem."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from picket.components import purls
from picket.errors import Malformed
from picket.events import Severity
from picket.findings.model import Problem, Report
from picket.tools import advisories
from picket.tools.cwes import cwes
from picket.tools.cyclonedx.document import Affected, Component, Document, Rating, Tools, Vulnerability
from picket.tools.reading import Unusable, clipped, linked, omitted, report, validated
from picket.tools.severities import gravest, scored

_VERSIONS = frozenset({"1.4", "1.5", "1.6", "1.7"})
_NO_PROBLEM = frozenset({"false_positive", "not_affected", "resolved", "resolved_with_pedigree"})
"""States of an analysis. `exploitable`, `in_triage`, and none at all are a problem."""
_METHODS = frozenset({"CVSSv3", "CVSSv31", "CVSSv4"})
"""Methods whose scores are compared with one another; version 2's bands are others."""
_LINK = "urn:cdx:"
_SOURCES = frozenset({"aquasecurity:trivy:SrcName", "syft:metadata:source"})
"""Properties that name the source package of an operating system's."""

_Each = tuple[Vulnerability, Affected]


def recognises(document: Any) -> bool:  # noqa: ANN401 - JSON
    """Return whether a document says of itself that it is CycloneDX, of a version that is read."""
    if not isinstance(document, dict) or document.get("bomFormat") != "CycloneDX":
        return False
    version = document.get("specVersion")
    return isinstance(version, str) and version in _VERSIONS


def parse(document: Any, tool: str) -> Report:  # noqa: ANN401 - JSON
    """Read a document: a problem for each component that has a vulnerability.

    Args:
        document: The JSON.
        tool: Name of the tool that wrote it, whose version the document may tell.

    Raises:
        Malformed: It is not CycloneDX 1.4 to 1.7; says where.
    """
    found = validated(Document, document, "CycloneDX")
    if found.version not in _VERSIONS:
        raise Malformed("not CycloneDX 1.4 to 1.7 at specVersion")
    components = {each.ref: each for each in _components(found) if each.ref}
    # An empty list says that there are no vulnerabilities; no list says that nobody has looked.
    looked = "vulnerabilities" in found.model_fields_set
    return report(
        _results(found),
        lambda each: _problem(*each, components),
        left_out=() if looked else [omitted("the document", "a bill of materials alone tells no vulnerabilities")],
        version=_tool_version(found, tool),
    )


def _components(found: Document) -> Iterator[Component]:
    """Yield all components, those inside others, too, and services."""
    root = found.metadata.component if found.metadata else None
    left = [*((root,) if root else ()), *found.components, *found.services]
    while left:
        component = left.pop()
        yield component
        left.extend(component.components)


def _results(found: Document) -> Iterator[tuple[str, _Each]]:
    for index, vulnerability in enumerate(found.vulnerabilities):
        if vulnerability.analysis and vulnerability.analysis.state in _NO_PROBLEM:
            continue
        where = f"vulnerabilities[{index}]"
        if not vulnerability.affects:
            yield where, (vulnerability, Affected())
        for number, affected in enumerate(vulnerability.affects):
            if not affected.versions or any(each.status != "unaffected" for each in affected.versions):
                yield f"{where}.affects[{number}]", (vulnerability, affected)


def _problem(found: Vulnerability, affected: Affected, components: dict[str, Component]) -> Problem:
    """Make a problem of a vulnerability of one component.

    Raises:
        Unusable: It has no id, or what it is of is told nowhere.
    """
    if not found.id:
        raise Unusable("the vulnerability has no id")
    told = _named(affected, components)
    component = purls.component_of(told.purl, _source(told))
    if not component:
        raise Unusable("no package URL tells which component it affects")
    advisory, aliases = advisories.named(found.id, (each.id for each in found.references))
    score, severity = _rated(found.ratings)
    return Problem(
        kind="vulnerability",
        rule=advisory,
        severity=severity,
        confidence=0.9,
        cwe=cwes(f"CWE-{each}" for each in found.cwes),
        advisory=advisory,
        aliases=aliases,
        component=component,
        version=told.version or purls.version_of(told.purl),
        cvss=score,
        remediation=clipped(found.recommendation),
        link=linked(found.source.url if found.source else ""),
    )


def _named(affected: Affected, components: dict[str, Component]) -> Component:
    """Return what is affected, as far as it is known.

    It is named by a reference in this document; by a link to another, behind whose `#` stands the reference there,
    which most tools make of the package URL; or by a package URL.
    """
    told = affected.ref
    if told.startswith(_LINK):
        told = unquote(told.partition("#")[2])
    version = next((each.version for each in affected.versions if each.status == "affected"), "")
    known = components.get(told, Component())
    return known.model_copy(update={"purl": known.purl or told, "version": known.version or version})


def _source(component: Component) -> str:
    return next((each.value for each in component.properties if each.name in _SOURCES), "")


def _rated(ratings: tuple[Rating, ...]) -> tuple[float, Severity]:
    """Return a CVSS score and a severity: of the highest score of CVSS 3 or 4, else the highest severity in words."""
    scores = [
        (each.score, each)
        for each in ratings
        if each.method in _METHODS and each.score is not None and scored(each.score)
    ]
    if not scores:
        return 0.0, gravest(each.severity for each in ratings)
    score, rating = max(scores, key=lambda each: each[0])
    return score, scored(score) or gravest([rating.severity])


def _tool_version(found: Document, tool: str) -> str:
    told = found.metadata.tools if found.metadata else None
    tools = told.components if isinstance(told, Tools) else told or ()
    return next((each.version for each in tools if each.name.lower() == tool.lower()), "")
