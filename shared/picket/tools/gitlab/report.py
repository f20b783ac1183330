"""From GitLab's security reports to problems."""

from __future__ import annotations

import re
from typing import Any

from picket.components import purls
from picket.errors import Malformed
from picket.findings.model import Place, Problem, Report
from picket.tools import advisories
from picket.tools.cwes import cwes
from picket.tools.gitlab.document import Document, Identifier, Scan, Vulnerability
from picket.tools.places import below_top
from picket.tools.reading import Unusable, clipped, linked, report, validated
from picket.tools.severities import certain, named

_OF_PACKAGES = frozenset({"container_scanning", "dependency_scanning"})
_SECRETS = "secret_detection"
_TYPES = _OF_PACKAGES | {"sast", _SECRETS}
_CONFIGURATION = frozenset({"kics", "kubesec"})
"""Scanners of type `sast` that look at configuration."""
_CLASSES = frozenset({"cwe", "owasp", "wasc"})
"""Identifiers that are of many rules."""
_ADVISORIES = frozenset({"cve", "ghsa", "osv"})
_DOUBTED = "flagged-as-likely-false-positive"
_MANAGERS = {
    "bundler": "rubygems",
    "gradle": "maven",
    "pip": "pypi",
    "pipenv": "pypi",
    "pnpm": "npm",
    "poetry": "pypi",
    "sbt": "maven",
    "setuptools": "pypi",
    "uv": "pypi",
    "yarn": "npm",
}
"""Ecosystems of package managers that are called otherwise."""
_FILES = {
    "build.gradle": "maven",
    "Cargo.lock": "cargo",
    "composer.lock": "composer",
    "conan.lock": "conan",
    "Gemfile.lock": "rubygems",
    "go.mod": "go",
    "go.sum": "go",
    "npm-shrinkwrap.json": "npm",
    "package-lock.json": "npm",
    "packages.lock.json": "nuget",
    "Pipfile.lock": "pypi",
    "pnpm-lock.yaml": "npm",
    "poetry.lock": "pypi",
    "pom.xml": "maven",
    "requirements.txt": "pypi",
    "uv.lock": "pypi",
    "yarn.lock": "npm",
}
"""Ecosystems by the file's name, where the report does not tell the package manager."""


def recognises(document: Any) -> bool:  # noqa: ANN401 - JSON
    """Return whether a document is a security report of GitLab's, of a type that is read."""
    if not isinstance(document, dict) or not {"version", "scan", "vulnerabilities"} <= document.keys():
        return False
    scan = document["scan"]
    return isinstance(scan, dict) and isinstance(scan.get("type"), str) and scan["type"] in _TYPES


def parse(document: Any, tool: str) -> Report:  # noqa: ANN401, ARG001 - JSON; all formats are read alike
    """Read a document.

    Raises:
        Malformed: It is not what GitLab's schemas say, or of a type that is not read; says where.
    """
    found = validated(Document, document, "GitLab's security report")
    if found.scan.type not in _TYPES:
        raise Malformed(f"GitLab's reports are read of {', '.join(sorted(_TYPES))}: another is told at scan.type")
    managers = {file.path: file.manager for file in found.files}
    return report(
        ((f"vulnerabilities[{index}]", each) for index, each in enumerate(found.vulnerabilities)),
        lambda each: _problem(each, found.scan, managers),
        version=found.scan.scanner.version,
        succeeded=found.scan.status != "failure",
    )


def _problem(found: Vulnerability, scan: Scan, managers: dict[str, str]) -> Problem:
    """Make a problem.

    Raises:
        Outside: It is of no file of the repository.
        Unusable: It names no rule and no advisory.
    """
    if not found.identifiers:
        raise Unusable("the result has no identifier")
    if scan.type in _OF_PACKAGES:
        return _vulnerability(found, scan, managers)
    rule = next((each for each in found.identifiers if each.type.lower() not in _CLASSES), found.identifiers[0])
    location = found.location
    place = Place(path=below_top(location.file), start_line=location.start, end_line=location.end)
    if scan.type == _SECRETS:
        return Problem(
            kind="secret",
            rule=rule.value,
            title=clipped(rule.name),
            severity=named(found.severity),
            confidence=_sure(found),
            secret=found.raw,
            places=(place,),
        )
    return Problem(
        kind="misconfiguration" if scan.scanner.id.lower() in _CONFIGURATION else "weakness",
        rule=rule.value,
        title=clipped(found.name),
        severity=named(found.severity),
        confidence=_sure(found),
        cwe=_cwes(found),
        remediation=clipped(found.solution),
        link=linked(rule.url),
        places=(place,),
    )


def _vulnerability(found: Vulnerability, scan: Scan, managers: dict[str, str]) -> Problem:
    """Make a problem of a package.

    Raises:
        Unusable: It names no package.
    """
    dependency = found.location.dependency
    if dependency is None or dependency.package is None or not dependency.package.name:
        raise Unusable("the result names no package")
    first = _advisory(found)
    advisory, aliases = advisories.named(
        first.value, (each.value for each in found.identifiers if each.type.lower() in _ADVISORIES)
    )
    in_image = scan.type == "container_scanning"
    return Problem(
        kind="vulnerability",
        rule=advisory,
        title=clipped(found.name),
        severity=named(found.severity),
        confidence=_sure(found),
        cwe=_cwes(found),
        advisory=advisory,
        aliases=aliases,
        component=_component(found, dependency.package.name, managers, in_image=in_image),
        version=dependency.version,
        remediation=clipped(found.solution),
        link=linked(first.url),
        places=() if in_image else (Place(path=below_top(found.location.file)),),
    )


def _advisory(found: Vulnerability) -> Identifier:
    """Return the identifier that names the vulnerability to others, not to one scanner alone."""
    return next((each for each in found.identifiers if each.type.lower() in _ADVISORIES), found.identifiers[0])


def _component(found: Vulnerability, name: str, managers: dict[str, str], *, in_image: bool) -> str:
    """Return the package, of the image's system or of the ecosystem that its file belongs to."""
    if in_image:
        return purls.component(re.split(r"[ :]", found.location.system.strip())[0], name)
    path = found.location.file
    told = managers.get(path, "").lower()
    ecosystem = _MANAGERS.get(told, told) or _FILES.get(path.rpartition("/")[2], "")
    return purls.component(ecosystem, name.replace("/", ":") if ecosystem == "maven" else name)


def _cwes(found: Vulnerability) -> tuple[str, ...]:
    return cwes(
        f"CWE-{each.value.upper().removeprefix('CWE-')}" for each in found.identifiers if each.type.lower() == "cwe"
    )


def _sure(found: Vulnerability) -> float:
    return 0.4 if any(flag.type == _DOUBTED for flag in found.flags) else certain(found.confidence)
