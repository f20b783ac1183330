"""From OSV-Scanner's JSON to problems."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import Field

from picket.components import purls
from picket.findings.model import LeftOut, Place, Problem, Report
from picket.tools import advisories
from picket.tools.places import below_root, below_top
from picket.tools.reading import Listed, Part, Told, Unusable, clipped, omitted, report, validated
from picket.tools.severities import UNKNOWN, named, scored


class _Named(Part):
    name: Told = ""
    ecosystem: Told = ""


class _Event(Part):
    fixed: Told = ""


class _Range(Part):
    events: Listed[_Event] = ()


class _Affected(Part):
    package: _Named = _Named()
    ranges: Listed[_Range] = ()


class _Besides(Part):
    severity: Any = ""


class _Record(Part):
    id: str
    aliases: Listed[str] = ()
    summary: Told = ""
    affected: Listed[_Affected] = ()
    besides: _Besides | None = Field(default=None, alias="database_specific")


class _Group(Part):
    ids: Listed[str]
    aliases: Listed[str] = ()
    max_severity: Told = ""


class _Component(_Named):
    version: Told = ""


class _Package(Part):
    package: _Component
    groups: Listed[_Group] = ()
    records: Listed[_Record] = Field(default=(), alias="vulnerabilities")


class _Source(Part):
    path: Told = ""


class _Scanned(Part):
    source: _Source
    packages: Listed[_Package] = ()


class _Document(Part):
    results: Listed[_Scanned]
    image: dict[str, Any] | None = Field(default=None, alias="image_metadata")


class _Found(Part):
    """One vulnerability of a package: the ids of a group, and the records that tell of it."""

    package: _Package
    path: str
    group: _Group
    records: tuple[_Record, ...]


def recognises(document: Any) -> bool:  # noqa: ANN401 - JSON
    """Return whether a document is OSV-Scanner's: results, and the configuration that it writes beside them."""
    return isinstance(document, dict) and {"results", "experimental_config"} <= document.keys()


def parse(document: Any, tool: str) -> Report:  # noqa: ANN401, ARG001 - JSON; all formats are read alike
    """Read a document.

    Raises:
        Malformed: It is not what OSV-Scanner writes; says where.
    """
    found = validated(_Document, document, "OSV-Scanner's JSON")
    is_image = found.image is not None
    return report(
        (
            (f"results[{index}].packages[{number}].groups", each)
            for index, scanned in enumerate(found.results)
            for number, package in enumerate(scanned.packages)
            for each in _vulnerabilities(package, scanned.source.path)
        ),
        lambda each: _problem(each, is_image=is_image),
        left_out=list(_unread(found)),
    )


def _unread(found: _Document) -> Iterator[LeftOut]:
    """Yield the packages that it names a vulnerability of, and does not say which."""
    for index, scanned in enumerate(found.results):
        for number, package in enumerate(scanned.packages):
            if package.records and not package.groups:
                yield omitted(f"results[{index}].packages[{number}]", "its vulnerabilities are in no group")


def _vulnerabilities(package: _Package, path: str) -> Iterator[_Found]:
    """Yield a package's vulnerabilities: the tool's groups, but one with more than one CVE taken apart into records.

    Its groups are joined by aliases, and a record that names several CVEs glues what is not the same.
    """
    for group in package.groups:
        records = tuple(record for record in package.records if record.id in group.ids)
        if len({one for one in map(advisories.spelt, (*group.ids, *group.aliases)) if one.startswith("CVE-")}) <= 1:
            yield _Found(package=package, path=path, group=group, records=records)
            continue
        for record in records:
            alone = group.model_copy(update={"ids": (record.id,), "aliases": record.aliases})
            yield _Found(package=package, path=path, group=alone, records=(record,))


def _problem(found: _Found, *, is_image: bool) -> Problem:
    """Make a problem of a vulnerability.

    Raises:
        Outside: It is of no file of the repository or image.
        Unusable: It names no vulnerability.
    """
    if not found.group.ids:
        raise Unusable("the group names no vulnerability")
    package = found.package.package
    advisory, aliases = advisories.named(found.group.ids[0], (*found.group.ids, *found.group.aliases))
    component = purls.component(package.ecosystem, package.name)
    score = _score(found.group.max_severity)
    told = next((record.besides.severity for record in found.records if record.besides), "")
    by_word = named(told) if isinstance(told, str) else UNKNOWN
    return Problem(
        kind="vulnerability",
        rule=advisory,
        title=clipped(next((record.summary for record in found.records if record.summary), "")),
        severity=scored(score) or UNKNOWN if score else by_word,
        confidence=0.9,
        advisory=advisory,
        aliases=aliases,
        component=component,
        version=package.version,
        fixed_in=clipped(", ".join(_fixed_in(found, component))),
        cvss=score,
        link=f"https://osv.dev/vulnerability/{found.group.ids[0]}" if _is_plain(found.group.ids[0]) else "",
        places=(Place(path=below_root(found.path) if is_image else below_top(found.path)),),
    )


def _fixed_in(found: _Found, component: str) -> tuple[str, ...]:
    """Return the versions from which a component is no longer affected, as often as there are ranges, in order."""
    return tuple(
        dict.fromkeys(
            event.fixed
            for record in found.records
            for affected in record.affected
            if purls.component(affected.package.ecosystem, affected.package.name) == component
            for versions in affected.ranges
            for event in versions.events
            if event.fixed
        )
    )


def _score(text: str) -> float:
    """Return a CVSS score; 0.0 where none is told."""
    try:
        score = float(text)
    except ValueError:
        return 0.0
    return score if scored(score) else 0.0


def _is_plain(name: str) -> bool:
    return name.replace("-", "").replace(":", "").isalnum() and name.isascii()
