"""From Dependency-Check's JSON to problems. What its user suppressed stands apart there, and is passed over."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import Field

from picket.components import purls
from picket.findings.model import LeftOut, Problem, Report
from picket.tools import advisories
from picket.tools.cwes import cwes
from picket.tools.places import below_top, places_at
from picket.tools.reading import Listed, Part, Told, omitted, report, validated
from picket.tools.severities import certain, named, scored

_GUESSED = 0.4
"""Confidence where the library is known by its file's name alone."""


class _Score3(Part):
    score: float | None = Field(default=None, alias="baseScore")


class _Vulnerability(Part):
    name: str
    severity: Told = ""
    cvss3: _Score3 | None = Field(default=None, alias="cvssv3")
    cvss4: _Score3 | None = Field(default=None, alias="cvssv4")
    cwes: Listed[str] = ()
    known: dict[str, Any] | None = Field(default=None, alias="knownExploitedVulnerability")


class _Package(Part):
    id: Told = ""
    confidence: Told = ""


class _Dependency(Part):
    name: Told = Field(default="", alias="fileName")
    path: Told = Field(default="", alias="filePath")
    packages: Listed[_Package] = ()
    vulnerabilities: Listed[_Vulnerability] = ()


class _Scan(Part):
    version: Told = Field(default="", alias="engineVersion")
    exceptions: Listed[Any] = Field(default=(), alias="analysisExceptions")


class _Document(Part):
    schema_version: Told = Field(alias="reportSchema")
    scan: _Scan = Field(default=_Scan(), alias="scanInfo")
    dependencies: Listed[_Dependency]


_Each = tuple[_Dependency, _Vulnerability]


def recognises(document: Any) -> bool:  # noqa: ANN401 - JSON
    """Return whether a document is Dependency-Check's."""
    return isinstance(document, dict) and {"reportSchema", "scanInfo", "dependencies"} <= document.keys()


def parse(document: Any, tool: str) -> Report:  # noqa: ANN401, ARG001 - JSON; all formats are read alike
    """Read a document.

    Raises:
        Malformed: It is not what Dependency-Check writes; says where.
    """
    found = validated(_Document, document, "Dependency-Check's JSON")
    return report(
        _results(found),
        lambda each: _problem(*each),
        left_out=_unread(found),
        version=found.scan.version,
    )


def _results(found: _Document) -> Iterator[tuple[str, _Each]]:
    for index, dependency in enumerate(found.dependencies):
        for number, vulnerability in enumerate(dependency.vulnerabilities):
            yield f"dependencies[{index}].vulnerabilities[{number}]", (dependency, vulnerability)


def _unread(found: _Document) -> list[LeftOut]:
    """Return what it could not look at: an analyser failed, or a source did not answer."""
    return [
        omitted(
            f"scanInfo.analysisExceptions[{index}]", "Dependency-Check tells of an error: it has not seen everything"
        )
        for index in range(len(found.scan.exceptions))
    ]


def _problem(dependency: _Dependency, found: _Vulnerability) -> Problem:
    """Make a problem of a vulnerability of a library."""
    advisory, aliases = advisories.named(found.name)
    package = max(
        (each for each in dependency.packages if purls.component_of(each.id)),
        key=lambda each: certain(each.confidence),
        default=None,
    )
    scores = (each.score for each in (found.cvss4, found.cvss3) if each)
    return Problem(
        kind="vulnerability",
        rule=advisory,
        severity=named(found.severity),
        confidence=_sure(package),
        cwe=cwes(found.cwes),
        advisory=advisory,
        aliases=aliases,
        component=purls.component_of(package.id) if package else purls.component("", dependency.name),
        version=purls.version_of(package.id) if package else "",
        cvss=max((score for score in scores if score and scored(score)), default=0.0),
        is_exploited=bool(found.known),
        places=places_at(dependency.path, below_top),
    )


def _sure(package: _Package | None) -> float:
    """Return the confidence in a match: names that are alike are compared, and one is told for the package alone."""
    return min(0.8, certain(package.confidence)) if package else _GUESSED
