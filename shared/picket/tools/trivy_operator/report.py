"""From Trivy Operator's custom resources to problems.

There is one for each container of each ReplicaSet: what it is of is the Deployment, whose name stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from pydantic import TypeAdapter

from picket.components import purls
from picket.errors import Malformed
from picket.findings.addresses import object_address
from picket.findings.model import LeftOut, Place, Problem, Report
from picket.tools import advisories
from picket.tools.places import below_root, places_at
from picket.tools.reading import Listed, clipped, linked, omitted, report, validated
from picket.tools.severities import named, scored
from picket.tools.trivy.report import check_id
from picket.tools.trivy_operator.document import Check, Content, Resource, Secret, Vulnerability

_GROUP = "aquasecurity.github.io/"
_LABEL = "trivy-operator.resource."
_REPLICAS = re.compile(r"(.+)-[bcdfghjklmnpqrstvwxz2456789]{6,10}")
"""A ReplicaSet's name: that of its Deployment, and a hash in letters that make no words (k8s.io/apimachinery rand)."""
_NAME = "Trivy Operator's report"
_RESOURCES = TypeAdapter(Listed[Resource])

_Each = tuple[Resource, Vulnerability | Check | Secret]


def recognises(document: Any) -> bool:  # noqa: ANN401 - JSON
    """Return whether a document is a report of Trivy Operator's: alone, in an envelope, or several in a list."""
    found = _unwrapped(document)[0]
    return bool(found) and all(map(_is_report, found))


def parse(document: Any, tool: str) -> Report:  # noqa: ANN401, ARG001 - JSON; all formats are read alike
    """Read a document.

    That a report was deleted says nothing of what it had told: a new ReplicaSet has reports of its own.

    Raises:
        Malformed: It is not what Trivy Operator writes; says where.
    """
    values, is_deleted = _unwrapped(document)
    if not values and not _is_list(document):
        raise Malformed(f"not {_NAME} at the top")
    resources = validated(_RESOURCES, values, _NAME)
    left_out: list[LeftOut] = []
    if is_deleted:
        left_out.append(omitted("verb", "the report was deleted, which says nothing of what is wrong"))
    return report(
        () if is_deleted else _results(resources),
        lambda each: _problem(*each),
        left_out=left_out,
        version=next((each.report.scanner.version for each in resources if each.report.scanner), ""),
    )


def _unwrapped(document: Any) -> tuple[list[Any], bool]:  # noqa: ANN401 - JSON
    """Return the reports that a document holds, and whether it says that they were deleted."""
    if not isinstance(document, dict):
        return [], False
    if _is_list(document):
        return document["items"], False
    if {"verb", "operatorObject"} <= document.keys():
        return [document["operatorObject"]], document["verb"] == "delete"
    return [document], False


def _is_list(document: Any) -> bool:  # noqa: ANN401 - JSON
    """Return whether a document is a list of resources, as Kubernetes writes one."""
    if not isinstance(document, dict) or not isinstance(document.get("items"), list):
        return False
    kind = document.get("kind")
    return isinstance(kind, str) and kind.endswith("List")


def _is_report(value: Any) -> bool:  # noqa: ANN401 - JSON
    """Return whether a resource is a report: by its group, or by its labels where a webhook sends it without."""
    if not isinstance(value, dict) or not isinstance(value.get("report"), dict):
        return False
    group = value.get("apiVersion")
    if isinstance(group, str) and group:
        return group.startswith(_GROUP)
    metadata = value.get("metadata")
    labels = metadata.get("labels") if isinstance(metadata, dict) else None
    return isinstance(labels, dict) and f"{_LABEL}kind" in labels


def _results(resources: tuple[Resource, ...]) -> Iterator[tuple[str, _Each]]:
    for index, resource in enumerate(resources):
        content = resource.report
        lists: dict[str, tuple[Vulnerability | Check | Secret, ...]] = {
            "vulnerabilities": content.vulnerabilities,
            "checks": tuple(each for each in content.checks if not each.success),
            "secrets": content.secrets,
        }
        for name, found in lists.items():
            for number, each in enumerate(found):
                yield f"[{index}].report.{name}[{number}]", (resource, each)


def _problem(resource: Resource, each: Vulnerability | Check | Secret) -> Problem:
    """Make a problem.

    Raises:
        Outside: A secret is in no file of the image.
    """
    address = clipped(_address(resource))
    if isinstance(each, Vulnerability):
        return _vulnerability(resource.report, each, address)
    if isinstance(each, Secret):
        return Problem(
            kind="secret",
            rule=each.rule,
            title=clipped(each.title),
            severity=named(each.severity),
            resource=address,
            places=(Place(path=below_root(each.target)),),
        )
    return Problem(
        kind="misconfiguration",
        rule=check_id(each.id),
        title=clipped(each.title),
        severity=named(each.severity),
        confidence=0.9,
        resource=address,
        remediation=clipped(each.remediation),
    )


def _vulnerability(content: Content, found: Vulnerability, address: str) -> Problem:
    advisory, aliases = advisories.named(found.id)
    of_system = found.of == "os-pkgs" and content.system is not None
    ecosystem = content.system.family if of_system and content.system else found.type
    return Problem(
        kind="vulnerability",
        rule=advisory,
        title=clipped(found.title),
        severity=named(found.severity),
        confidence=0.9,
        advisory=advisory,
        aliases=aliases,
        component=purls.component_of(found.purl) or purls.component(ecosystem, found.package),
        resource=address,
        version=found.installed,
        fixed_in=clipped(found.fixed),
        cvss=found.score if found.score and scored(found.score) else 0.0,
        link=linked(found.link),
        places=places_at(found.path, below_root),
    )


def _address(resource: Resource) -> str:
    """Return what a report is of: `kind/namespace/name`, a Deployment instead of one of its ReplicaSets."""
    kind, namespace, name = (resource.metadata.told(f"{_LABEL}{each}") for each in ("kind", "namespace", "name"))
    if kind == "ReplicaSet" and (made := _REPLICAS.fullmatch(name)):
        kind, name = "Deployment", made[1]
    return object_address(kind, namespace, name)
