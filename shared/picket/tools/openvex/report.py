"""From OpenVEX to problems."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from picket.components import purls
from picket.findings.model import Problem, Report
from picket.tools import advisories
from picket.tools.reading import Listed, Part, Told, Unusable, clipped, report, validated
from picket.tools.severities import UNKNOWN

_CONTEXT = "https://openvex.dev/ns"
_AFFECTED, _EXAMINED = "affected", "under_investigation"
_CONFIDENCES = {_AFFECTED: 0.9, _EXAMINED: 0.5}
"""Statuses that are problems; `fixed` and `not_affected` are not."""


class _Vulnerability(Part):
    name: Told = ""
    aliases: Listed[str] = ()


class _Identifiers(Part):
    purl: Told = ""


class _Component(Part):
    id: Told = Field(default="", alias="@id")
    identifiers: _Identifiers | None = None


class _Product(_Component):
    inside: Listed[Annotated[_Component, BeforeValidator(lambda value: _object(value, "@id"))]] = Field(
        default=(), alias="subcomponents"
    )


class _Statement(Part):
    vulnerability: Annotated[_Vulnerability, BeforeValidator(lambda value: _object(value, "name"))]
    products: Listed[Annotated[_Product, BeforeValidator(lambda value: _object(value, "@id"))]] = ()
    status: str
    at: Told = Field(default="", alias="timestamp")
    action: Told = Field(default="", alias="action_statement")


class _Document(Part):
    context: str = Field(alias="@context")
    at: Told = Field(default="", alias="timestamp")
    statements: Listed[_Statement]


_Each = tuple[_Statement, _Component | None]


def recognises(document: Any) -> bool:  # noqa: ANN401 - JSON
    """Return whether a document says of itself that it is OpenVEX."""
    if not isinstance(document, dict) or "statements" not in document:
        return False
    context = document.get("@context")
    return isinstance(context, str) and context.startswith(_CONTEXT)


def parse(document: Any, tool: str) -> Report:  # noqa: ANN401, ARG001 - JSON; all formats are read alike
    """Read a document: of several statements about the same, the newest counts.

    Raises:
        Malformed: It is not OpenVEX; says where.
    """
    found = validated(_Document, document, "OpenVEX")
    return report(_results(found), lambda each: _problem(*each))


def _object(value: Any, name: str) -> Any:  # noqa: ANN401 - JSON
    """Return an object for what the first versions wrote as text."""
    return {name: value} if isinstance(value, str) else value


def _results(found: _Document) -> Iterator[tuple[str, _Each]]:
    """Yield what the newest statements say is affected, and where that stands."""
    ordered = sorted(enumerate(found.statements), key=lambda each: _time(each[1].at or found.at))
    newest: dict[tuple[str, str], tuple[str, _Each]] = {}
    for index, statement in ordered:
        where = f"statements[{index}]"
        name, _ = advisories.named(statement.vulnerability.name, statement.vulnerability.aliases)
        told: list[_Component | None] = [one for each in statement.products for one in each.inside or (each,)]
        for component in told or [None]:
            newest[name, _purl(component) or where] = (where, (statement, component))
    yield from (each for each in newest.values() if each[1][0].status not in {"fixed", "not_affected"})


def _time(text: str) -> datetime:
    """Return when something was said; the beginning of time if that is not told."""
    try:
        told = datetime.fromisoformat(text)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
    return told if told.tzinfo else told.replace(tzinfo=UTC)


def _purl(component: _Component | None) -> str:
    if component is None:
        return ""
    return (component.identifiers.purl if component.identifiers else "") or component.id


def _problem(statement: _Statement, told: _Component | None) -> Problem:
    """Make a problem of a statement about one component.

    Raises:
        Unusable: It has no status that is known, names no vulnerability, or is of nothing with a package URL.
    """
    if statement.status not in _CONFIDENCES:
        raise Unusable("the format has no such status")
    if not statement.vulnerability.name:
        raise Unusable("the vulnerability has no name")
    purl = _purl(told)
    component = purls.component_of(purl)
    if not component:
        raise Unusable("no package URL tells which component it is about")
    advisory, aliases = advisories.named(statement.vulnerability.name, statement.vulnerability.aliases)
    return Problem(
        kind="vulnerability",
        rule=advisory,
        severity=UNKNOWN,
        confidence=_CONFIDENCES[statement.status],
        advisory=advisory,
        aliases=aliases,
        component=component,
        version=purls.version_of(purl),
        remediation=clipped(statement.action),
    )
