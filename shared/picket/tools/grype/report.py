"""From Grype's JSON to problems."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from picket.components import purls
from picket.findings.model import MAX_PLACES, Place, Problem, Report
from picket.tools import advisories
from picket.tools.cwes import cwes
from picket.tools.places import below_root
from picket.tools.reading import Listed, Part, Told, clipped, linked, report, validated
from picket.tools.severities import named, scored

_GUESSED = 0.5
"""Confidence in a match by CPE, which goes by names that are alike."""
_SURE = 0.9


class _Metrics(Part):
    score: float | None = Field(default=None, alias="baseScore")


class _Cvss(Part):
    metrics: _Metrics | None = None


class _Epss(Part):
    epss: float = 0.0


class _Cwe(Part):
    cwe: Told = ""


class _Fix(Part):
    versions: Listed[str] = ()


class _Related(Part):
    id: Told = ""
    cvss: Listed[_Cvss] = ()
    epss: Listed[_Epss] = ()
    known: Listed[Any] = Field(default=(), alias="knownExploited")
    cwes: Listed[_Cwe] = ()


class _Vulnerability(_Related):
    severity: Told = ""
    source: Told = Field(default="", alias="dataSource")
    fix: _Fix | None = None


class _Detail(Part):
    type: Told = ""


class _Location(Part):
    path: Told = ""


class _Artifact(Part):
    name: Told = ""
    version: Told = ""
    type: Told = ""
    purl: Told = ""
    locations: Listed[_Location] = ()


class _Match(Part):
    vulnerability: _Vulnerability
    related: Listed[_Related] = Field(default=(), alias="relatedVulnerabilities")
    details: Listed[_Detail] = Field(default=(), alias="matchDetails")
    artifact: _Artifact


class _Descriptor(Part):
    version: Told = ""


class _Document(Part):
    matches: Listed[_Match]
    descriptor: _Descriptor = _Descriptor()


def recognises(document: Any) -> bool:  # noqa: ANN401 - JSON
    """Return whether a document is Grype's: matches, and a descriptor with its name."""
    if not isinstance(document, dict) or "matches" not in document:
        return False
    descriptor = document.get("descriptor")
    return isinstance(descriptor, dict) and descriptor.get("name") == "grype"


def parse(document: Any, tool: str) -> Report:  # noqa: ANN401, ARG001 - JSON; all formats are read alike
    """Read a document; what its user ignores stands apart there, and is passed over.

    Raises:
        Malformed: It is not what Grype writes; says where.
    """
    found = validated(_Document, document, "Grype's JSON")
    return report(
        ((f"matches[{index}]", match) for index, match in enumerate(found.matches)),
        _problem,
        version=found.descriptor.version,
    )


def _problem(match: _Match) -> Problem:
    """Make a problem of a match, with what is told of the same vulnerability by others.

    Raises:
        Outside: It is of no file of the repository or image.
    """
    vulnerability, artifact = match.vulnerability, match.artifact
    told = (vulnerability, *match.related)
    advisory, aliases = advisories.named(vulnerability.id, (each.id for each in match.related))
    is_guess = bool(match.details) and all(each.type == "cpe-match" for each in match.details)
    paths = dict.fromkeys(below_root(each.path) for each in artifact.locations[:MAX_PLACES])
    return Problem(
        kind="vulnerability",
        rule=advisory,
        severity=named(vulnerability.severity),
        confidence=_GUESSED if is_guess else _SURE,
        cwe=cwes(each.cwe for one in told for each in one.cwes),
        advisory=advisory,
        aliases=aliases,
        component=purls.component_of(artifact.purl) or purls.component(artifact.type, artifact.name),
        version=artifact.version,
        fixed_in=clipped(", ".join(vulnerability.fix.versions)) if vulnerability.fix else "",
        cvss=_score(told),
        exploitability=max((each.epss for one in told for each in one.epss), default=0.0),
        is_exploited=any(one.known for one in told),
        link=linked(vulnerability.source),
        places=tuple(Place(path=path) for path in paths),
    )


def _score(told: tuple[_Related, ...]) -> float:
    """Return the highest CVSS base score."""
    scores = (each.metrics.score for one in told for each in one.cvss if each.metrics)
    return max((score for score in scores if score and scored(score)), default=0.0)
