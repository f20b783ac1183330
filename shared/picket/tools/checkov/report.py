"""From Checkov's JSON to problems."""

from __future__ import annotations

from typing import Any

from pydantic import Field, TypeAdapter

from picket.findings.model import LeftOut, Place, Problem, Report
from picket.tools.places import below_top
from picket.tools.reading import Listed, Number, Part, Told, Unusable, clipped, linked, omitted, report, validated
from picket.tools.severities import named

_RENDERED = frozenset({"helm", "kustomize"})
"""Frameworks whose paths and lines are of a rendered copy, not of a file in the repository."""
_OF_SECRETS = "CKV_SECRET_"
_NOT_A_SETTING = "resource_type"


class _Outcome(Part):
    keys: Listed[str] = Field(default=(), alias="evaluated_keys")


class _Check(Part):
    id: str = Field(alias="check_id")
    name: Told = Field(default="", alias="check_name")
    outcome: _Outcome = Field(default=_Outcome(), alias="check_result")
    path: Told = Field(default="", alias="file_path")
    from_here: Told = Field(default="", alias="repo_file_path")
    lines: Listed[Number] = Field(default=(), alias="file_line_range")
    resource: Told = ""
    severity: Told = ""
    guideline: Told = ""
    vulnerability: dict[str, Any] | None = Field(default=None, alias="vulnerability_details")


class _Results(Part):
    failed: Listed[_Check] = Field(default=(), alias="failed_checks")
    unread: Listed[str] = Field(default=(), alias="parsing_errors")


class _Summary(Part):
    unread: Number = Field(default=0, alias="parsing_errors")
    version: Told = Field(default="", alias="checkov_version")


class _Framework(Part):
    name: Told = Field(default="", alias="check_type")
    results: _Results
    summary: _Summary = _Summary()


_FRAMEWORKS = TypeAdapter(Listed[_Framework])


def recognises(document: Any) -> bool:  # noqa: ANN401 - JSON
    """Return whether a document is Checkov's: of one framework, a list of several, or the summary of none."""
    first = document[0] if isinstance(document, list) and document else document
    if not isinstance(first, dict):
        return False
    return {"check_type", "results"} <= first.keys() or {"checkov_version", "passed", "failed"} <= first.keys()


def parse(document: Any, tool: str) -> Report:  # noqa: ANN401, ARG001 - JSON; all formats are read alike
    """Read a document.

    Raises:
        Malformed: It is not what Checkov writes; says where.
    """
    name = "Checkov's JSON"
    if isinstance(document, dict) and "results" not in document and "passed" in document:
        return Report(tool_version=validated(_Summary, document, name).version[:200])
    frameworks = validated(_FRAMEWORKS, document if isinstance(document, list) else [document], name)
    return report(
        (
            (f"{framework.name[:100]}.failed_checks[{index}]", (framework, check))
            for framework in frameworks
            for index, check in enumerate(framework.results.failed)
        ),
        lambda result: _problem(*result),
        left_out=[one for framework in frameworks for one in _unread(framework)],
        version=frameworks[0].summary.version if frameworks else "",
    )


def _unread(framework: _Framework) -> list[LeftOut]:
    """Return the files that a framework could not read; with `--quiet` it tells only how many."""
    told = [omitted(path, "Checkov cannot read the file") for path in framework.results.unread]
    if not told and framework.summary.unread:
        return [omitted(framework.name, f"Checkov cannot read {framework.summary.unread} files")]
    return told


def _problem(framework: _Framework, check: _Check) -> Problem:
    """Make a problem of a failed check.

    Raises:
        Outside: It is not of a file in the repository.
        Unusable: It is of a rendered copy, or no check of a setting.
    """
    if framework.name in _RENDERED:
        raise Unusable("it is of a rendered copy of a chart: nothing tells the file in the repository")
    if check.vulnerability is not None:
        raise Unusable("it is of a vulnerability: those come from scanners of lock files")
    is_secret = check.id.startswith(_OF_SECRETS)
    return Problem(
        kind="secret" if is_secret else "misconfiguration",
        rule=check.id,
        title=clipped(check.name),
        severity=named(check.severity),
        confidence=0.6 if is_secret else 0.9,
        resource="" if is_secret else check.resource,  # a secret's is the secret's hash
        attribute=clipped(",".join(sorted({key for key in check.outcome.keys if key != _NOT_A_SETTING}))),
        link=linked(check.guideline),
        places=(_place(check),),
    )


def _place(check: _Check) -> Place:
    """Return where a check failed: its path is told from the folder looked at, and begins with a slash all the same."""
    told = check.from_here or check.path
    if told.startswith(("/../", "../")):
        told = check.path
    lines = (*check.lines, 0, 0)
    return Place(path=below_top(told.removeprefix("/")), start_line=lines[0], end_line=lines[1])
