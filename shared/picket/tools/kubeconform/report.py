"""From kubeconform's JSON to problems. Its messages may quote a manifest and are not kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import Field

from picket.findings.model import LeftOut, Place, Problem, Report
from picket.tools.places import below_top
from picket.tools.reading import Listed, Part, Told, clipped, omitted, report, validated
from picket.tools.severities import UNKNOWN

_NO_RESOURCE = ("missing 'kind' key", "missing 'apiVersion' key", "into Go value of type map")
"""What it says of a YAML file that is not for Kubernetes."""
_NOT_VALIDATED = {
    "statusError": "kubeconform cannot read the file",
    "statusSkipped": "there is no schema for the resource: it is not validated",
}


class _Error(Part):
    path: Told = ""


class _Resource(Part):
    filename: str
    kind: Told = ""
    name: Told = ""
    status: str
    message: Told = Field(default="", alias="msg")
    errors: Listed[_Error] = Field(default=(), alias="validationErrors")


class _Document(Part):
    resources: Listed[_Resource]


def recognises(document: Any) -> bool:  # noqa: ANN401 - JSON
    """Return whether a document is kubeconform's: resources, each with a status."""
    if not isinstance(document, dict) or not isinstance(document.get("resources"), list):
        return False
    if not document.keys() <= {"resources", "summary"}:
        return False
    resources = document["resources"]
    first = resources[0] if resources else {"status": "", "filename": ""}
    return isinstance(first, dict) and {"status", "filename"} <= first.keys()


def parse(document: Any, tool: str) -> Report:  # noqa: ANN401, ARG001 - JSON; all formats are read alike
    """Read a document.

    Raises:
        Malformed: It is not what kubeconform writes; says where.
    """
    found = validated(_Document, document, "kubeconform's JSON")
    return report(
        (
            (f"resources[{index}]", (resource, error))
            for index, resource in enumerate(found.resources)
            if resource.status == "statusInvalid"
            for error in resource.errors or (_Error(),)
        ),
        lambda each: _problem(*each),
        left_out=list(_unread(found)),
    )


def _unread(found: _Document) -> Iterator[LeftOut]:
    """Yield the resources that it did not validate."""
    for resource in found.resources:
        is_resource = not any(words in resource.message for words in _NO_RESOURCE)
        if resource.status in _NOT_VALIDATED and is_resource:
            yield omitted(f"{resource.filename} {resource.kind}".strip(), _NOT_VALIDATED[resource.status])


def _problem(resource: _Resource, error: _Error) -> Problem:
    return Problem(
        kind="misconfiguration",
        rule="schema",
        title="A resource does not fit its schema",
        severity=UNKNOWN,
        confidence=0.9,
        resource=clipped(f"{resource.kind}/{resource.name}"),
        attribute=clipped(error.path.strip("/")),
        places=(Place(path=below_top(resource.filename)),),
    )
