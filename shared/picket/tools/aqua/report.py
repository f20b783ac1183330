"""From Aqua's JSON to problems. What it says of malware is passed over: there is no such kind of finding."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from picket.components import purls
from picket.events import Severity
from picket.findings.model import MAX_PLACES, Problem, Report
from picket.tools import advisories
from picket.tools.aqua.document import Named, Package, Scan, Vulnerability
from picket.tools.places import below_root, places_at
from picket.tools.reading import Listed, Unusable, clipped, linked, report, validated
from picket.tools.severities import UNKNOWN, gravest, scored

_NAME = "Aqua's JSON"
_FORMATS = {
    "gem": "rubygems",
    "java": "maven",
    "nodejs": "npm",
    "php": "composer",
    "python": "pypi",
    "ruby": "rubygems",
    "rust": "cargo",
}
"""Ecosystems of packages that Aqua calls otherwise."""
_OF_A_SYSTEM = frozenset({"apk", "deb", "dpkg", "rpm"})
_NO_PURL = "pkg:/"
"""How a `cpe` begins that is neither a CPE nor a package URL: `pkg:/npm:*:name:version`."""
_SENSITIVE = "sensitive-item"

_Each = tuple[Scan, Package, Vulnerability | None]
_SCANS = TypeAdapter(Listed[Named])


def recognises(document: Any) -> bool:  # noqa: ANN401 - JSON
    """Return whether a document is Aqua's: of an image with its digest, a list of such, or the former one."""
    if isinstance(document, list):
        return bool(document) and all(isinstance(each, dict) and _is_named(each) for each in document)
    if not isinstance(document, dict):
        return False
    formerly = document.get("cves")
    if isinstance(formerly, list):
        return bool(formerly) and all(isinstance(each, dict) and {"file", "name"} <= each.keys() for each in formerly)
    return _is_scan(document) and {"image", "digest"} <= document.keys()


def parse(document: Any, tool: str) -> Report:  # noqa: ANN401, ARG001 - JSON; all formats are read alike
    """Read a document: what is found at several paths of an image is one problem.

    Raises:
        Malformed: It is not what Aqua writes; says where.
    """
    if isinstance(document, list):
        scans = [each.results for each in validated(_SCANS, document, _NAME)]
    else:
        scans = [validated(Scan, document, _NAME)]
    grouped: dict[tuple[str, ...], list[tuple[str, _Each]]] = {}
    for where, each in (one for number, scan in enumerate(scans) for one in _results(number, scan)):
        grouped.setdefault(_identity(*each), []).append((where, each))
    return report(
        ((found[0][0], [each for _, each in found]) for found in grouped.values()),
        _problem,
        succeeded=not any(scan.is_partial for scan in scans),
    )


def _is_named(value: dict[Any, Any]) -> bool:
    results = value.get("results")
    return "image_name" in value and isinstance(results, dict) and _is_scan(results)


def _is_scan(value: dict[Any, Any]) -> bool:
    """Return whether an object has resources with what they are inside, as no other format writes them."""
    resources = value.get("resources")
    if not isinstance(resources, list):
        return False
    return all(isinstance(each, dict) and isinstance(each.get("resource"), dict) for each in resources)


def _results(number: int, scan: Scan) -> list[tuple[str, _Each]]:
    found: list[tuple[str, _Each]] = []
    for index, one in enumerate(scan.resources):
        where = f"[{number}].resources[{index}]"
        found += [
            (f"{where}.vulnerabilities[{n}]", (scan, one.resource, each)) for n, each in enumerate(one.vulnerabilities)
        ]
        if one.resource.sensitive:
            found.append((f"{where}.resource.sensitive_items", (scan, one.resource, None)))
    found += [(f"cves[{n}]", (scan, Package(path=each.file), each)) for n, each in enumerate(scan.cves)]
    return found


def _identity(scan: Scan, package: Package, found: Vulnerability | None) -> tuple[str, ...]:
    if found is None:
        return (_SENSITIVE, package.path)
    return (found.name, _component(scan, package), package.version)


def _problem(found: list[_Each]) -> Problem:
    """Make a problem of what is the same at several paths.

    Raises:
        Unusable: It names no vulnerability, or no package.
    """
    scan, package, first = found[0]
    paths = dict.fromkeys(each.path for _, each, _ in found[:MAX_PLACES])
    places = tuple(place for path in paths for place in places_at(path, below_root))
    if first is None:
        return Problem(kind="secret", rule=_SENSITIVE, title="A sensitive file", severity="medium", places=places)
    component = _component(scan, package)
    if not first.name or not component:
        raise Unusable("it names no vulnerability, or no package")
    advisory, aliases = advisories.named(first.name)
    return Problem(
        kind="vulnerability",
        rule=advisory,
        severity=_severity(first),
        confidence=0.9,
        advisory=advisory,
        aliases=aliases,
        component=component,
        version=package.version,
        fixed_in=clipped(first.fixed),
        cvss=_score(first),
        exploitability=first.epss if first.epss and 0 <= first.epss <= 1 else 0.0,
        remediation=clipped(first.solution),
        link=linked(first.nvd_url) or linked(first.vendor_url),
        places=places,
    )


def _component(scan: Scan, package: Package) -> str:
    """Return the package: of the image's system, of the ecosystem that is told, or known by its file alone."""
    ecosystem, name = package.format.strip().lower(), package.name
    if package.cpe.startswith(_NO_PURL):
        parts = package.cpe.removeprefix(_NO_PURL).split(":")
        ecosystem = ecosystem or parts[0]
        name = name or (parts[2] if len(parts) > 2 else "")  # noqa: PLR2004 - ecosystem, *, name, version
    if ecosystem in _OF_A_SYSTEM:
        ecosystem = scan.system.strip().lower() or ecosystem
    return purls.component(_FORMATS.get(ecosystem, ecosystem), name or package.path.rpartition("/")[2])


def _severity(found: Vulnerability) -> Severity:
    """Return Aqua's severity, else the highest of the others', else that of the score."""
    if found.aqua_severity:
        return gravest([found.aqua_severity])
    told = [each for each in (found.vendor_severity, found.nvd_severity_3, found.nvd_severity) if each]
    if told:
        return gravest(told)
    return (scored(_score(found)) if _score(found) else None) or UNKNOWN


def _score(found: Vulnerability) -> float:
    """Return the first score that is one, in the order of Aqua's severities."""
    scores = (found.nvd_score_3, found.aqua_score, found.vendor_score, found.score)
    return next((score for score in scores if score and scored(score)), 0.0)
