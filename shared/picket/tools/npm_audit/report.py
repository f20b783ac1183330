"""From npm audit's JSON to problems. Ways to a package, of which there may be thousands, are not read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from pydantic import Field, TypeAdapter

from picket.components import purls
from picket.errors import Malformed
from picket.findings.model import Problem, Report
from picket.tools import advisories
from picket.tools.cwes import cwes
from picket.tools.reading import MAX_RESULTS, Listed, Part, Told, clipped, linked, report, validated
from picket.tools.severities import named, scored

_NAME = "npm audit's JSON"
_GHSA = re.compile(r"GHSA(?:-[0-9a-z]{4}){3}", re.IGNORECASE)
_REASONS = {
    "ENOLOCK": "there is no lock file",
    "ENOAUDIT": "the registry answers no such question",
    "EAUDITNOPJSON": "there is no package.json",
    "EAUDITNOLOCK": "there is no lock file",
}
"""Why npm could not ask, by the error's code."""


class _Score(Part):
    score: float | None = None


class _Fix(Part):
    name: Told = ""
    version: Told = ""


class _Advisory(Part):
    """An advisory, as npm 7 and later tell it."""

    source: int | str = 0
    name: Told = ""
    dependency: Told = ""
    title: Told = ""
    url: Told = ""
    severity: Told = ""
    cwe: Listed[str] | str = ()
    cvss: _Score | None = None


class _Package(Part):
    via: Listed[_Advisory | str] = ()
    fix: bool | _Fix | None = Field(default=None, alias="fixAvailable")


class _Document(Part):
    vulnerabilities: dict[str, _Package] = Field(max_length=MAX_RESULTS)


class _At(Part):
    version: Told = ""


class _Former(Part):
    """An advisory, as npm 6 tells it."""

    id: int | str = 0
    ghsa: Told = Field(default="", alias="github_advisory_id")
    cves: Listed[str] = ()
    module: str = Field(alias="module_name")
    title: Told = ""
    url: Told = ""
    severity: Told = ""
    cwe: Listed[str] | str = ()
    patched: Told = Field(default="", alias="patched_versions")
    findings: Listed[_At] = ()


class _FormerDocument(Part):
    advisories: dict[str, _Former] = Field(max_length=MAX_RESULTS)


class _Error(Part):
    code: Told = ""


_ERROR = TypeAdapter(dict[str, Any])
_Each = tuple[_Advisory, _Package]


def recognises(document: Any) -> bool:  # noqa: ANN401 - JSON
    """Return whether a document is npm audit's, or the error that npm writes in place of one."""
    if not isinstance(document, dict):
        return False
    if "auditReportVersion" in document:
        return "vulnerabilities" in document
    if {"advisories", "actions", "metadata"} <= document.keys():
        return True
    error = document.get("error")
    return isinstance(error, dict) and {"summary", "detail"} <= error.keys()


def parse(document: Any, tool: str) -> Report:  # noqa: ANN401, ARG001 - JSON; all formats are read alike
    """Read a document.

    Raises:
        Malformed: It is not what npm audit writes, or an error, which is no report; says where or why.
    """
    top = validated(_ERROR, document, _NAME)
    if "vulnerabilities" not in top and "advisories" not in top and "error" in top:
        code = validated(_Error, top["error"] if isinstance(top["error"], dict) else {}, f"{_NAME} at error").code
        raise Malformed(f"npm could not ask for advisories: {_REASONS.get(code, 'it ended with an error')}")
    if "advisories" in top:
        former = validated(_FormerDocument, document, _NAME).advisories
        return report(((f"advisories[{n}]", each) for n, each in enumerate(former.values())), _problem_of_npm_6)
    packages = validated(_Document, document, _NAME).vulnerabilities
    return report(_results(packages), lambda each: _problem(*each))


def _results(packages: dict[str, _Package]) -> Iterator[tuple[str, _Each]]:
    """Yield advisories. Text in their place names another package, by which this one is affected: that has its own."""
    for index, package in enumerate(packages.values()):
        for number, advisory in enumerate(package.via):
            if isinstance(advisory, _Advisory):
                yield f"vulnerabilities[{index}].via[{number}]", (advisory, package)


def _problem(found: _Advisory, package: _Package) -> Problem:
    """Make a problem of an advisory. Which version is installed is not told."""
    name, aliases = _ids(found.url, "", (), found.source)
    component = found.dependency or found.name
    score = found.cvss.score if found.cvss else None
    fix = package.fix if isinstance(package.fix, _Fix) else _Fix()
    is_own = fix.name == component
    return Problem(
        kind="vulnerability",
        rule=name,
        title=clipped(found.title),
        severity=named(found.severity),
        confidence=0.9,
        cwe=cwes([found.cwe] if isinstance(found.cwe, str) else found.cwe),
        advisory=name,
        aliases=aliases,
        component=purls.component("npm", component),
        fixed_in=clipped(fix.version) if is_own else "",
        cvss=score if score and scored(score) else 0.0,
        remediation=clipped(f"Install {fix.name} {fix.version}, which needs it.") if fix.name and not is_own else "",
        link=linked(found.url),
    )


def _problem_of_npm_6(found: _Former) -> Problem:
    """Make a problem of an advisory of npm 6, which tells what is installed."""
    name, aliases = _ids(found.url, found.ghsa, found.cves, found.id)
    versions = {each.version for each in found.findings}
    return Problem(
        kind="vulnerability",
        rule=name,
        title=clipped(found.title),
        severity=named(found.severity),
        confidence=0.9,
        cwe=cwes([found.cwe] if isinstance(found.cwe, str) else found.cwe),
        advisory=name,
        aliases=aliases,
        component=purls.component("npm", found.module),
        version=versions.pop() if len(versions) == 1 else "",
        fixed_in=clipped(found.patched),
        link=linked(found.url),
    )


def _ids(url: str, ghsa: str, cves: tuple[str, ...], number: int | str) -> tuple[str, tuple[str, ...]]:
    """Return the ids of an advisory; npm's own number where no other is told."""
    told = _GHSA.search(ghsa) or _GHSA.search(url)
    return advisories.named(told[0] if told else f"npm:{number}", cves)
