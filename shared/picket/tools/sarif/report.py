"""From a SARIF document to problems."""

from __future__ import annotations

import re
from typing import Any

from picket.errors import Malformed
from picket.events import Severity
from picket.findings.model import MAX_PLACES, LeftOut, Place, Problem, Report
from picket.tools.cwes import cwes
from picket.tools.places import Outside
from picket.tools.reading import validated
from picket.tools.sarif.document import Document, Location, Result, Rule, Run
from picket.tools.sarif.places import path_of
from picket.tools.severities import UNKNOWN, scored

_LEVELS: dict[str, Severity] = {"error": "high", "warning": "medium", "note": "low", "none": "info"}
_PRECISION = {"very-high": 0.95, "high": 0.9, "medium": 0.7, "low": 0.4}
_UNTOLD_PRECISION = 0.8
_ADVISORY = re.compile(
    r"\b(?:CVE-[0-9]{4}-[0-9]{4,}|GHSA(?:-[0-9a-z]{4}){3}|(?:GO|PYSEC|RUSTSEC)-[0-9]{4}-[0-9]{1,6})\b", re.IGNORECASE
)
_CREDENTIAL_CWES = frozenset({"CWE-259", "CWE-321", "CWE-522", "CWE-798"})
_KIND_TAGS = {
    "secret": "secret",
    "secrets": "secret",
    "misconfiguration": "misconfiguration",
    "iac": "misconfiguration",
    "vulnerability": "vulnerability",
}
_CONFIGURATION_TOOLS = frozenset(
    {"checkov", "hadolint", "kics", "kube-linter", "kubelinter", "kubescape", "terrascan", "tfsec", "zizmor"}
)
"""Tools that look at configuration, by the first word of their name; most do not tag their rules."""
_SECRET_TOOLS = frozenset({"gitleaks", "trufflehog", "kingfisher", "detect-secrets", "picket"})
_MAX_TEXT = 1_000


def recognises(document: Any) -> bool:  # noqa: ANN401 - JSON
    """Return whether a document says of itself that it is SARIF."""
    return isinstance(document, dict) and "runs" in document and "version" in document


def parse(document: Any, tool: str) -> Report:  # noqa: ANN401 - JSON
    """Read a document.

    Args:
        document: The JSON.
        tool: Name of the tool that wrote it.

    Raises:
        Malformed: It does not fit the standard; says where.
    """
    found = validated(Document, document, "SARIF")
    if found.version != "2.1.0":
        raise Malformed("not SARIF 2.1.0 at version")
    problems: list[Problem] = []
    left_out: list[LeftOut] = []
    for number, run in enumerate(found.runs):
        for index, result in enumerate(run.results or ()):
            if not _is_a_problem(result):
                continue
            try:
                problems.append(_problem(run, result, tool))
            except (Outside, Malformed) as error:
                left_out.append(LeftOut(where=f"runs[{number}].results[{index}]", reason=str(error)[:_MAX_TEXT]))
    return Report(
        tool_version=_version(found.runs),
        problems=tuple(problems),
        left_out=tuple(left_out),
        succeeded=bool(found.runs) and all(_ran(run) for run in found.runs),
    )


def _ran(run: Run) -> bool:
    """Return whether a run has results, if only an empty list: null says that the tool could not make any."""
    return run.results is not None and all(each.succeeded for each in run.invocations)


def _is_a_problem(result: Result) -> bool:
    """Return whether a result says that something is wrong, and is to be seen."""
    if result.kind not in {"fail", "open", "review"} or result.baseline == "absent":
        return False
    return not any(each.status == "accepted" for each in result.suppressions)


def _problem(run: Run, result: Result, tool: str) -> Problem:
    rule = _rule_of(run, result)
    tags = _tags(rule, result)
    cwe = _cwes_of(rule, tags)
    advisory = _advisory(rule, tags)
    kind = _kind(tags, cwe, advisory, tool)
    titled = rule.short.text or rule.name or rule.full.text
    return Problem(
        kind=kind,
        rule=rule.id[:200],
        title=titled[:_MAX_TEXT],
        severity=_severity(rule, result),
        confidence=_PRECISION.get(str(rule.properties.get("precision", "")), _UNTOLD_PRECISION),
        cwe=cwe,
        advisory=advisory if kind == "vulnerability" else "",
        component=_component(result),
        resource=_resource(result.locations),
        remediation=rule.help.text[:_MAX_TEXT],
        link=rule.help_uri[:_MAX_TEXT] if rule.help_uri.startswith(("https://", "http://")) else "",
        places=tuple(_places(run, result)),
    )


def _rule_of(run: Run, result: Result) -> Rule:
    """Return the rule of a result, which the standard lets it name in three ways.

    Raises:
        Malformed: It names none.
    """
    name = result.rule_id or result.rule.id
    index = max(result.rule_index, result.rule.index)
    rules = run.tool.driver.rules
    if 0 <= index < len(rules) and (not name or rules[index].id == name or name.startswith(f"{rules[index].id}/")):
        return rules[index]
    everywhere = (*rules, *(rule for part in run.tool.extensions for rule in part.rules))
    found = next((rule for rule in everywhere if rule.id == name or name.startswith(f"{rule.id}/")), None)
    if found is None and not name:
        raise Malformed("the result names no rule")
    return found or Rule(id=name)


def _tags(rule: Rule, result: Result) -> tuple[str, ...]:
    found: list[str] = []
    for properties in (rule.properties, result.properties):
        tags = properties.get("tags")
        found += [tag for tag in tags if isinstance(tag, str)] if isinstance(tags, list) else []
    return tuple(found)


def _cwes_of(rule: Rule, tags: tuple[str, ...]) -> tuple[str, ...]:
    """Return the weaknesses that a rule is about, from tags, its taxonomy and its `cwe` property, lowest first."""
    told = rule.properties.get("cwe", ())
    told = [told] if isinstance(told, str) else told if isinstance(told, list) else []
    texts = (*tags, *(each for each in told if isinstance(each, str)), *(each.target.id for each in rule.relationships))
    return cwes(texts)


def _advisory(rule: Rule, tags: tuple[str, ...]) -> str:
    """Return the id of the vulnerability that a rule stands for; empty if it stands for none."""
    for text in (rule.id, *tags):
        if found := _ADVISORY.search(text):
            name = found[0]
            return f"GHSA{name[4:].lower()}" if name[:4].upper() == "GHSA" else name.upper()
    return ""


def _kind(tags: tuple[str, ...], cwe: tuple[str, ...], advisory: str, tool: str) -> str:
    named = next((_KIND_TAGS[tag.lower()] for tag in tags if tag.lower() in _KIND_TAGS), "")
    if named:
        return named
    if advisory:
        return "vulnerability"
    by = tool.lower().partition(" ")[0]
    if by in _SECRET_TOOLS:
        return "secret"
    if by in _CONFIGURATION_TOOLS and not _CREDENTIAL_CWES & set(cwe):
        return "misconfiguration"
    return "weakness"


def _severity(rule: Rule, result: Result) -> Severity:
    """Return how grave a result is: by `security-severity`, a CVSS score, else by its level or its rule's."""
    for properties in (result.properties, rule.properties):
        try:
            score = float(properties["security-severity"])
        except (KeyError, TypeError, ValueError):
            continue
        if (found := scored(score)) is not None:
            return found
    return _LEVELS.get(result.level or rule.default.level, UNKNOWN)


def _component(result: Result) -> str:
    told = result.properties.get("purl") or result.properties.get("package")
    return told.partition("?")[0].rpartition("@")[0][:_MAX_TEXT] or told[:_MAX_TEXT] if isinstance(told, str) else ""


def _resource(locations: tuple[Location, ...]) -> str:
    named = (each for location in locations for each in location.logical if each.kind in {"resource", ""})
    return next((each.full_name[:_MAX_TEXT] for each in named if each.full_name), "")


def _places(run: Run, result: Result) -> list[Place]:
    """Return the places of a result in the repository.

    Raises:
        Outside: One is not in it.
    """
    found: list[Place] = []
    for location in result.locations[:MAX_PLACES]:
        if location.physical is None:
            continue
        region = location.physical.region
        found.append(
            Place(
                path=path_of(run, location.physical.artifact),
                start_line=region.start_line if region else 0,
                end_line=(region.end_line or region.start_line) if region else 0,
                start_column=region.start_column if region else 0,
                end_column=max(0, region.end_column - 1) if region else 0,
            )
        )
    return found


def _version(runs: tuple[Run, ...]) -> str:
    drivers = [run.tool.driver for run in runs]
    return next(
        (each.semantic_version or each.version for each in drivers if each.semantic_version or each.version), ""
    )[:200]
