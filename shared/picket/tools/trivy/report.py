"""From Trivy's JSON to problems."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from picket.components import purls
from picket.errors import Malformed
from picket.findings.model import Place, Problem, Report
from picket.tools import advisories
from picket.tools.cwes import cwes
from picket.tools.places import below_root, below_top
from picket.tools.reading import clipped, linked, report, validated
from picket.tools.severities import named, scored
from picket.tools.trivy.document import Document, Misconfiguration, Result, Secret, Vulnerability

_SCHEMA = 2
_CHECK = re.compile(r"(?:AVD-)?([A-Z]{2,20})-?0*([0-9]{1,6})")
_SAME = ("GHSA-", "GO-", "PYSEC-", "RUSTSEC-", "CVE-")
"""Ids among a vendor's that are of one vulnerability; a distribution's advisory is of many."""
_GATHERED = frozenset({"conda-pkg", "gemspec", "jar", "node-pkg", "python-pkg"})
"""Types whose target in an image is the name of a language."""

_Each = tuple[Result, Vulnerability | Misconfiguration | Secret]


def recognises(document: Any) -> bool:  # noqa: ANN401 - JSON
    """Return whether a document is Trivy's own."""
    return isinstance(document, dict) and {"SchemaVersion", "ArtifactName"} <= document.keys()


def parse(document: Any, tool: str) -> Report:  # noqa: ANN401, ARG001 - JSON; all formats are read alike
    """Read a document.

    Raises:
        Malformed: It is not what Trivy writes, or has another schema version; says where.
    """
    found = validated(Document, document, "Trivy's JSON")
    if found.schema_version != _SCHEMA:
        raise Malformed("not Trivy's JSON of version 2 at SchemaVersion")
    is_image = found.artifact_type == "container_image"
    return report(_results(found), lambda each: _problem(*each, is_image=is_image), version=found.program.version)


def _results(found: Document) -> Iterator[tuple[str, _Each]]:
    """Yield what is wrong, and where in the document that stands."""
    for index, result in enumerate(found.results):
        where = f"Results[{index}]"
        for number, vulnerability in enumerate(result.vulnerabilities):
            if vulnerability.status != "not_affected":
                yield f"{where}.Vulnerabilities[{number}]", (result, vulnerability)
        for number, check in enumerate(result.misconfigurations):
            if check.status == "FAIL":
                yield f"{where}.Misconfigurations[{number}]", (result, check)
        for number, secret in enumerate(result.secrets):
            yield f"{where}.Secrets[{number}]", (result, secret)


def _problem(result: Result, each: Vulnerability | Misconfiguration | Secret, *, is_image: bool) -> Problem:
    """Make a problem.

    Raises:
        Outside: It is of no file of the repository or image.
    """
    if isinstance(each, Vulnerability):
        return _vulnerability(result, each, is_image=is_image)
    if isinstance(each, Secret):
        return Problem(
            kind="secret",
            rule=each.rule,
            title=clipped(each.title),
            severity=named(each.severity),
            places=(Place(path=_path(result.target, is_image=is_image), start_line=each.start, end_line=each.end),),
        )
    return _misconfiguration(result, each, is_image=is_image)


def _misconfiguration(result: Result, each: Misconfiguration, *, is_image: bool) -> Problem:
    """Make a problem of a failed check; an image's configuration is no file of it."""
    places: tuple[Place, ...] = ()
    if not is_image:
        places = (Place(path=below_top(result.target), start_line=each.cause.start, end_line=each.cause.end),)
    return Problem(
        kind="misconfiguration",
        rule=check_id(each.id),
        title=clipped(each.title),
        severity=named(each.severity),
        confidence=0.9,
        resource=each.cause.resource,
        remediation=clipped(each.resolution),
        link=linked(each.url),
        places=places,
    )


def _vulnerability(result: Result, found: Vulnerability, *, is_image: bool) -> Problem:
    others = (one for one in found.vendor_ids if one.upper().startswith(_SAME))
    advisory, aliases = advisories.named(found.id, others)
    return Problem(
        kind="vulnerability",
        rule=advisory,
        title=clipped(found.title),
        severity=named(found.severity),
        confidence=0.9,
        cwe=cwes(found.cwes),
        advisory=advisory,
        aliases=aliases,
        component=_component(result, found),
        version=found.installed,
        fixed_in=clipped(found.fixed),
        cvss=_score(found),
        link=linked(found.url),
        places=_places(result, found, is_image=is_image),
    )


def check_id(told: str) -> str:
    """Return a check's id in today's spelling: `KSV017`, `AVD-KSV-0017` and `KSV-0017` are one."""
    fits = _CHECK.fullmatch(told.strip().upper())
    return f"{fits[1]}-{fits[2].zfill(4)}" if fits else told


def _component(result: Result, found: Vulnerability) -> str:
    """Return the package, or of an operating system's the source package, where the report lists it."""
    purl = found.identifier.purl
    if not purl:
        return purls.component(result.type, found.package)
    source = next((each.source for each in result.packages if each.id and each.id == found.package_id), "")
    return purls.component_of(purl, source)


def _places(result: Result, found: Vulnerability, *, is_image: bool) -> tuple[Place, ...]:
    """Return where a package is: its own file, else the target; an operating system's is in no file."""
    if result.of == "os-pkgs" or (is_image and not found.path and result.type in _GATHERED):
        return ()
    return (Place(path=_path(found.path or result.target, is_image=is_image)),)


def _path(target: str, *, is_image: bool) -> str:
    return below_root(target) if is_image else below_top(target)


def _score(found: Vulnerability) -> float:
    """Return the CVSS score of the source that the severity is from, else the highest."""
    told = found.cvss or {}
    scores = [told[found.source]] if found.source in told else told.values()
    return max((score for each in scores for score in (each.v4, each.v3) if score and scored(score)), default=0.0)
