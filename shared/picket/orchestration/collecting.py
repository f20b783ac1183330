"""Taking in a tool's report: what it says becomes findings, and what it no longer says is fixed.

Everything is decided by the scope that a report is of, and by what its newest report says. A report that comes twice
changes nothing; one that is older than what is known of its scope is set aside.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast

from picket.effects import artifacts, broker
from picket.effects.git import transport
from picket.effects.git.address import admitted
from picket.effects.mongo import findings, reports, repositories, tool_runs
from picket.effects.mongo.assets import is_repository
from picket.effects.mongo.documents import Repository
from picket.effects.mongo.records import StoredReport
from picket.effects.mongo.reports import Said
from picket.effects.telemetry import note
from picket.errors import Busy, Gone, PermanentError
from picket.events import ReportCollected, ReportReceived
from picket.findings.model import Report
from picket.findings.stored import Evidence, Finding, NewFinding
from picket.orchestration import completion, identification, renames, standing
from picket.orchestration.identification import Identified
from picket.orchestration.toolbox import REPORTER

_TOLD_AT_ONCE = 500
_SETTLED_AT_ONCE = 500
_TRIES = 5
_ACTOR = "collect"
_AFTER_THE_ENGINE = "~"
"""Rank of what a tool shows of a finding: what the engine has found itself is shown before it."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a report is of: full name of a ref, a commit, and whether the ref is the default branch."""

    ref: str
    commit: str
    is_default: bool


def collect(event: ReportReceived) -> None:
    """Apply a report to the findings of its repository, and say which of them have changed.

    Raises:
        Gone: The report, its repository, ref or commit is not there.
        Busy: Findings are being changed by others.
        TransientError: The forge or the artifact store does not answer.
    """
    try:
        _collect(reports.get(event.report))
    except PermanentError as error:
        fail(event.report, str(error))
        raise


def fail(identity: str, reason: str) -> None:
    """Note that a report cannot be applied."""
    reports.finish(identity, "Failed", reason=reason)
    completion.end_run(tool_runs.of_report(identity), "Failed", reason, _ACTOR)


def _collect(report: StoredReport) -> None:
    repository = repositories.known(report["asset"])
    content = Report.model_validate_json(artifacts.get(report["artifact"]))
    target = _target(repository, report)
    scope = reports.scope_of(report, target.ref)
    if not reports.begin(scope, report):
        if report["state"] != "Applied":
            reports.finish(report["_id"], "Superseded", ref=target.ref, commit=target.commit)
        note("report set aside: a newer one of its scope is known", report=report["_id"])
        _tell(report, [name for name, one in reports.said_in(scope).items() if one.changed_by == report["_id"]])
        _end_run(report, "")
        return
    found, left_out = identification.identify(content, report["tool"], repository, target.commit)
    left_out = (*content.left_out, *left_out)
    is_complete = report["complete"] and content.succeeded and not left_out
    before = reports.said_in(scope)
    follows = is_complete and is_repository(repository)  # what else there is has no files that are renamed
    found = renames.follow(found, before, repository, target.commit, is_complete=follows)
    changed = _apply(report, target, before, found, is_complete=is_complete)
    _tell(report, changed)
    told = {"ref": target.ref, "commit": target.commit, "findings": len(found), "changed": len(changed)}
    missing = [one.model_dump() for one in left_out]
    reports.finish(report["_id"], "Applied", missing, **told, applied_as_complete=is_complete)
    _end_run(report, "" if is_complete else _why_partial(content, missing))
    note("report applied", report=report["_id"], tool=report["tool"], findings=len(found), left_out=len(left_out))


def _end_run(report: StoredReport, missing: str) -> None:
    """Let the run of a tool that a report is of end, if it is of one: as Partial where something is missing."""
    if report["by"] == REPORTER:
        run = tool_runs.of_report(report["_id"])
        completion.end_run(run, "Partial" if missing else "Done", missing, _ACTOR)


def _why_partial(content: Report, missing: list[dict[str, str]]) -> str:
    if not missing:
        return "the tool says that it has not run to its end" if not content.succeeded else "it is not complete"
    more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
    return f"{missing[0]['where']}: {missing[0]['reason']}{more}"[:1_000]


def _tell(report: StoredReport, changed: list[str]) -> None:
    """Say which findings a report has changed, some hundreds at a time."""
    told = {"repository": report["asset"], "report": report["_id"], "tool": report["tool"]}
    for part, start in enumerate(range(0, len(changed), _TOLD_AT_ONCE)):
        some = tuple(changed[start : start + _TOLD_AT_ONCE])
        broker.emit(ReportCollected(**told, part=part, findings=some))


def _target(repository: Repository, report: StoredReport) -> Target:
    """Find out which ref and commit a report is of: the default branch and its tip unless it says.

    Of another asset it is of what it says, such as a tag; what one of its tags has, the asset has.

    Raises:
        Gone: There is no such ref.
    """
    if not is_repository(repository):
        return Target(report["ref"], report["commit"], is_default=True)
    address = admitted(repository["url"])
    branch, tip = transport.default_branch(address)
    ref = _full_name(report["ref"]) or branch
    if ref == branch:
        return Target(ref, report["commit"] or tip, is_default=True)
    commit = report["commit"] or transport.advertised(address).get(ref, "")
    if not commit:
        raise Gone(f"ref {ref[:200]} is not there")
    return Target(ref, commit, is_default=False)


def _full_name(ref: str) -> str:
    return ref if not ref or ref.startswith("refs/") else f"refs/heads/{ref}"


def _apply(
    report: StoredReport, target: Target, before: dict[str, Said], found: dict[str, Identified], *, is_complete: bool
) -> list[str]:
    """Store what a report says; return the ids of the findings that it changed, in order.

    A finding that an earlier attempt at the same report has changed counts again: the event may not have been sent.
    """
    scope = reports.scope_of(report, target.ref)
    now = {name: _said(name, report, target, scope, one) for name, one in found.items()}
    if is_complete:
        gone = [one for name, one in before.items() if name not in now and one.present]
        now |= {one.finding: one.model_copy(update={"present": False, "changed_by": report["_id"]}) for one in gone}
    fresh = [one for name, one in now.items() if name not in before or not one.says_the_same_as(before[name])]
    names = {one.finding for one in fresh}
    names |= {name for name, one in before.items() if one.changed_by == report["_id"]}
    findings.record([_new_finding(report, one, found[one.finding]) for one in fresh if one.finding in found], [])
    reports.keep(fresh)
    ordered = sorted(names)
    for start in range(0, len(ordered), _SETTLED_AT_ONCE):
        for finding in findings.get_many(ordered[start : start + _SETTLED_AT_ONCE]):
            name = finding["_id"]
            _settle(finding, report, scope, now.get(name) or before[name])
    return ordered


def _said(name: str, report: StoredReport, target: Target, scope: str, found: Identified) -> Said:
    problem = found.problem
    places = [
        {**place.model_dump(), "commit": target.commit, "author": "", "email": "", "date": ""} for place in found.places
    ]
    return Said(
        finding=name,
        scope=scope,
        repository=report["asset"],
        tool=report["tool"],
        is_default=target.is_default,
        present=True,
        changed_by=report["_id"],
        severity=problem.severity,
        confidence=problem.confidence,
        exploitability=problem.exploitability,
        is_exploited=problem.is_exploited,
        evidence=identification.evidence(problem, report["tool"]),
        places=places,
        statement=found.statement,
    )


def _new_finding(report: StoredReport, said: Said, found: Identified) -> NewFinding:
    """Return a finding as it is stored where it is new; `standing` decides what all reporters make of it."""
    return {
        "_id": said.finding,
        "repository": report["asset"],
        "kind": found.problem.kind,
        "identity": found.identity,
        "scored_in": report["asset"],
        "scan": "",
        "reporters": [report["tool"]],
        "scopes": [said.scope],
        "exploitability": said.exploitability,
        "is_live": said.is_exploited,
        "severity": said.severity,
        "confidence": said.confidence,
        "first": standing.place_of(said),
        "first_rank": _AFTER_THE_ENGINE,
        "evidence": cast("Evidence", said.evidence),
        "evidence_rank": _AFTER_THE_ENGINE,
    }


def _settle(finding: Finding | None, report: StoredReport, scope: str, said: Said) -> None:
    """Put into a finding what all its reporters say now; see `standing.decided`.

    Raises:
        Busy: Others kept changing it.
    """
    for _ in range(_TRIES):
        if finding is None:  # its repository is being forgotten
            return
        name = finding["_id"]
        others = [one for one in reports.said_of(name) if one.scope != scope] if _has_others(finding, said) else []
        fields = standing.decided(finding, [said, *others], f"report:{report['tool']}", datetime.now(UTC))
        if not fields or findings.change(finding, fields):
            return
        finding = findings.get(name)
    raise Busy(f"a finding of report {report['_id']} is being changed by others")


def _has_others(finding: Finding, said: Said) -> bool:
    """Return whether other scopes than that of *said* report a finding."""
    return bool(finding.get("scopes", [said.scope]) != [said.scope])
