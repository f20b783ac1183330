"""From pip-audit's JSON to problems. A dependency that it skipped was not looked at, whatever its exit status says."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from picket.components import purls
from picket.findings.model import Problem, Report
from picket.tools import advisories
from picket.tools.reading import Listed, Part, Told, clipped, omitted, report, validated
from picket.tools.severities import UNKNOWN


class _Vulnerability(Part):
    id: str
    aliases: Listed[str] = ()
    fixed: Listed[str] = Field(default=(), alias="fix_versions")


class _Dependency(Part):
    name: str
    version: Told = ""
    vulnerabilities: Listed[_Vulnerability] = Field(default=(), alias="vulns")
    skipped: Told = Field(default="", alias="skip_reason")


class _Document(Part):
    dependencies: Listed[_Dependency]


_Each = tuple[_Dependency, _Vulnerability]


def recognises(document: Any) -> bool:  # noqa: ANN401 - JSON
    """Return whether a document is pip-audit's: dependencies and fixes, or the former list of dependencies alone."""
    if isinstance(document, dict):
        return {"dependencies", "fixes"} <= document.keys()
    return isinstance(document, list) and bool(document) and all(map(_is_dependency, document))


def parse(document: Any, tool: str) -> Report:  # noqa: ANN401, ARG001 - JSON; all formats are read alike
    """Read a document.

    Raises:
        Malformed: It is not what pip-audit writes; says where.
    """
    shaped = {"dependencies": document} if isinstance(document, list) else document
    dependencies = validated(_Document, shaped, "pip-audit's JSON").dependencies
    return report(
        (
            (f"dependencies[{index}].vulns[{number}]", (dependency, found))
            for index, dependency in enumerate(dependencies)
            for number, found in enumerate(dependency.vulnerabilities)
        ),
        lambda each: _problem(*each),
        left_out=[
            omitted(f"dependencies[{index}]", "pip-audit skipped the dependency: it was not looked at")
            for index, dependency in enumerate(dependencies)
            if dependency.skipped
        ],
    )


def _is_dependency(value: Any) -> bool:  # noqa: ANN401 - JSON
    return (
        isinstance(value, dict) and "name" in value and ({"version", "vulns"} <= value.keys() or "skip_reason" in value)
    )


def _problem(dependency: _Dependency, found: _Vulnerability) -> Problem:
    """Make a problem of a vulnerability; how grave it is, is not told."""
    advisory, aliases = advisories.named(found.id, found.aliases)
    return Problem(
        kind="vulnerability",
        rule=advisory,
        severity=UNKNOWN,
        confidence=0.9,
        advisory=advisory,
        aliases=aliases,
        component=purls.component("pypi", dependency.name),
        version=dependency.version,
        fixed_in=clipped(", ".join(found.fixed)),
    )
