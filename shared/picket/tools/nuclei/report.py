"""From Nuclei's JSON lines to problems.

Request, response, `curl-command` and what was extracted may hold secrets: they are never read. What a result is:

- `vulnerability`, where its template names a CVE; of the product that the template names, else of the template;
- `exposure`, where it only tells what is there: severity `info`, or tags of technologies and panels;
- `misconfiguration`, whatever else answered as it should not have.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any
from urllib.parse import urlsplit, urlunsplit

from pydantic import AliasChoices, BeforeValidator, Field, TypeAdapter

from picket.components import purls
from picket.findings.model import Problem, Report
from picket.tools import advisories
from picket.tools.cwes import cwes
from picket.tools.reading import Listed, Part, Told, Unusable, clipped, linked, report, validated
from picket.tools.severities import named, scored

_SEPARATOR = re.compile(r"\s*,\s*")
_TELLING = frozenset({"tech", "panel", "exposed-panel"})
"""Tags of templates that only tell what is there."""


def _listed(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Return a list, which former versions write as text with commas."""
    return [each for each in _SEPARATOR.split(value) if each] if isinstance(value, str) else value


_Texts = Annotated[Listed[str], BeforeValidator(_listed)]


class _Classification(Part):
    cves: _Texts = Field(default=(), alias="cve-id")
    cwes: _Texts = Field(default=(), alias="cwe-id")
    score: float | None = Field(default=None, alias="cvss-score")
    epss: float | None = Field(default=None, alias="epss-score")


class _Metadata(Part):
    product: Any = ""


class _Info(Part):
    name: Told = ""
    severity: Told = ""
    tags: _Texts = ()
    remediation: Told = ""
    references: _Texts = Field(default=(), alias="reference")
    classification: _Classification | None = None
    metadata: _Metadata | None = None


class _Result(Part):
    template: str = Field(validation_alias=AliasChoices("template-id", "templateID"))
    matcher: Told = Field(default="", validation_alias=AliasChoices("matcher-name", "matcher_name"))
    has_matched: bool = Field(default=True, alias="matcher-status")
    info: _Info
    at: Told = Field(default="", validation_alias=AliasChoices("matched-at", "matched"))
    host: Told = ""


_RESULTS = TypeAdapter(Listed[_Result])


def recognises(document: Any) -> bool:  # noqa: ANN401 - JSON
    """Return whether values are Nuclei's: the first has a template and its info."""
    values = _flat(document)
    if not values or not isinstance(values[0], dict):
        return False
    first = values[0]
    return ("template-id" in first or "templateID" in first) and isinstance(first.get("info"), dict)


def parse(document: Any, tool: str) -> Report:  # noqa: ANN401, ARG001 - JSON; all formats are read alike
    """Read a document.

    Raises:
        Malformed: It is not what Nuclei writes; says where.
    """
    results = validated(_RESULTS, _flat(document), "Nuclei's JSON")
    return report(_matched(results), _problem)


def _flat(document: Any) -> list[Any]:  # noqa: ANN401 - JSON
    """Return the results; with another option they are written as one list."""
    values = document if isinstance(document, list) else [document]
    return values[0] if len(values) == 1 and isinstance(values[0], list) else values


def _matched(results: tuple[_Result, ...]) -> Iterator[tuple[str, _Result]]:
    for index, result in enumerate(results):
        if result.has_matched:
            yield f"[{index}]", result


def _problem(found: _Result) -> Problem:
    """Make a problem of a result.

    Raises:
        Unusable: It does not say where it is.
    """
    at = _place(found.at or found.host)
    if not at:
        raise Unusable("the result does not say where it is")
    info, told = found.info, found.info.classification or _Classification()
    advisory, aliases = advisories.named(told.cves[0], told.cves[1:]) if told.cves else ("", ())
    return Problem(
        kind="vulnerability" if advisory else _kind(info),
        rule=f"{found.template}:{found.matcher}" if found.matcher else found.template,
        title=clipped(info.name),
        severity=named(info.severity),
        cwe=cwes(told.cwes),
        advisory=advisory,
        aliases=aliases,
        component=_component(found) if advisory else "",
        resource=clipped(at),
        remediation=clipped(info.remediation),
        cvss=told.score if told.score and scored(told.score) else 0.0,
        exploitability=told.epss if told.epss and 0 <= told.epss <= 1 else 0.0,
        link=next(filter(None, map(linked, info.references)), ""),
    )


def _kind(info: _Info) -> str:
    tells = info.severity.strip().lower() == "info" or not _TELLING.isdisjoint(each.lower() for each in info.tags)
    return "exposure" if tells else "misconfiguration"


def _component(found: _Result) -> str:
    product = found.info.metadata.product if found.info.metadata else ""
    return (purls.component("", product) if isinstance(product, str) else "") or clipped(found.template)


def _place(told: str) -> str:
    """Return where something matched, without what a URL may hold of secrets: user, query and fragment."""
    try:
        parts = urlsplit(told if "://" in told else f"//{told}")
    except ValueError:
        return ""
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", "")).removeprefix("//")
