"""Letting the policy judge findings: what they become, and what else it asks for.

Judging a finding again by the same policy changes nothing. What people, tools and scans have decided of a finding
stays: the policy takes back only its own decisions.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast

from picket.components.assets import canonical
from picket.effects import broker
from picket.effects import policy as effective
from picket.effects.mongo import findings, repositories, scans
from picket.effects.mongo.documents import Repository, Scan
from picket.effects.telemetry import note
from picket.errors import Busy, Malformed
from picket.events import (
    AssetType,
    Event,
    FindingChanged,
    NoticeRequested,
    ScanRequested,
    VerificationRequested,
    now,
    scan_id,
)
from picket.findings import lists
from picket.findings.life import Move, moved, named, state_of
from picket.findings.stored import Changes, Finding
from picket.orchestration import asset_requests, statuses, verified
from picket.policy.decide import MAX_SCANS_PER_ROOT, Decision, decide
from picket.policy.rules import Notify
from picket.policy.rules import Scan as WantedScan
from picket.policy.templates import fill

_ACTOR = "feedback"
_TOLD_AT_ONCE = 500
"""Findings that one event names: each costs its consumers a few reads and writes."""


def review(event: Event, found: list[Finding], scan: Scan | None, chain: tuple[str, ...]) -> None:
    """Judge each finding, do what was decided, and say which findings may have changed."""
    repository = repositories.known(event.repository)
    notices: dict[tuple[str, Notify], list[str]] = {}
    decisions: list[tuple[Finding, Decision]] = []
    for finding in found:
        decision = judge(finding, event, repository, scan, chain)
        decisions.append((finding, decision))
        for rule, notice in decision.notices:
            if rule not in finding.get("applied_rules", ()):  # told once, not at each further occurrence
                notices.setdefault((rule, notice), []).append(finding["_id"])
    _notify(event.repository, notices)
    for finding, decision in decisions:
        due = put(finding, decision).get("verify_due", "")
        if due:
            broker.emit(VerificationRequested(repository=event.repository, finding=finding["_id"], due=due))
        for rule, wanted in decision.scans:
            request_scan(repository, wanted, Why(rule, chain, finding), scan)
    tell(event.repository, [finding["_id"] for finding in found], event.subject, chain, corrects=scan is None)


def judge(
    finding: Finding, event: Event | None, repository: Repository, scan: Scan | None, chain: tuple[str, ...]
) -> Decision:
    """Return what the policy makes of a finding."""
    context = {"finding": shown(finding), "event": event.model_dump() if event else {}}
    rules = effective.policy().rules
    return decide(rules, {**context, "repository": repository, "scan": scan or {}}, chain, datetime.now(UTC))


def put(finding: Finding, decision: Decision) -> Changes:
    """Put a decision into its finding; return what has changed of it.

    Raises:
        Busy: Others are changing it.
    """
    fields = decided(finding, decision, effective.policy().digest, datetime.now(UTC))
    if fields and not findings.change(finding, fields):
        raise Busy(f"finding {finding['_id']} is being changed by others")
    return fields


def _notify(repository: str, notices: dict[tuple[str, Notify], list[str]]) -> None:
    """Log what the policy wants to be told, and ask for the notices that go through a channel.

    They are asked for before the decisions are kept: an attempt that dies in between asks again, for the same ones.
    """
    for (rule, notice), names in notices.items():
        if not notice.channel:
            for name in names:
                note(notice.message, rule=rule, finding=name, repository=repository)
            continue
        for start in range(0, len(names), _TOLD_AT_ONCE):
            some = tuple(names[start : start + _TOLD_AT_ONCE])
            told = {"channel": notice.channel, "reason": rule, "message": notice.message}
            broker.emit(NoticeRequested(repository=repository, findings=some, **told))


def tell(repository: str, names: list[str], cause: str, chain: tuple[str, ...] = (), *, corrects: bool = True) -> None:
    """Say that findings of a repository may have changed, and what changed them.

    Args:
        repository: Its id.
        names: Ids of the findings.
        cause: What changed them.
        chain: The rules that led to it.
        corrects: Ask for the statuses of commits that they concern; a scan does so itself when it ends.
    """
    if corrects and names:
        statuses.correct(repository)
    for start in range(0, len(names), _TOLD_AT_ONCE):
        ids = tuple(names[start : start + _TOLD_AT_ONCE])
        where = f"{cause}|{start}" if start else cause
        broker.emit(FindingChanged(repository=repository, findings=ids, cause=where, chain=chain))


def shown(finding: Finding) -> dict[str, object]:
    """Flatten a finding so that a rule can name `finding.rule` or `finding.path`."""
    return {**finding["evidence"], **finding["first"], **finding, "state": named(finding["state"])}


def decided(finding: Finding, decision: Decision, digest: str, at: datetime) -> Changes:
    """Return the fields of a finding that a decision changes, empty if it changes none.

    Args:
        finding: As stored.
        decision: What the policy makes of it.
        digest: That of the policy.
        at: The time of the decision.
    """
    judged: Changes = {
        "severity": decision.severity,
        "confidence": decision.confidence,
        "applied_rules": list(decision.applied),
        "policy": digest,
    }
    fields = cast("Changes", {name: value for name, value in judged.items() if finding.get(name) != value})
    move = _move(finding, decision, at)
    if move is not None:
        fields |= moved({**finding, **fields}, move, at)
    fields |= verified.scheduled(finding, fields.get("state", finding["state"]), decision.verify_every, at)
    is_listed_otherwise = any(finding.get(name) != key for name, key in lists.keys({**finding, **fields}).items())
    if fields or is_listed_otherwise:  # a scan that finds better evidence does not know under which state it is listed
        fields |= {"judged": f"p:{digest}|{now()}"}
    return fields


def _move(finding: Finding, decision: Decision, at: datetime) -> Move | None:
    """Return what the policy makes of a finding's state: it may accept what is open, and take that back."""
    if decided_by(finding) == "person":
        return None
    given, wanted = finding.get("exemption"), decision.exemption
    state = state_of(finding, at)
    rule_in_force = given.get("rule", "") if given and state == "accepted" else ""
    if wanted and datetime.fromisoformat(wanted["until"]) > at and (state == "open" or rule_in_force):
        if given and (given["until"], given.get("rule", "")) == (wanted["until"], wanted["rule"]):
            return None  # it is accepted as it should be, or that has run out
        approver, rule = wanted["approver"], wanted["rule"]
        return Move("accepted", "policy", approver, wanted["reason"], until=wanted["until"], rule=rule)
    if rule_in_force:
        return Move("open", "policy", f"rule:{rule_in_force}", "the rule no longer applies", rule=rule_in_force)
    return None


def decided_by(finding: Finding) -> str:
    """Return which actor moved a finding last; empty if nothing has moved it."""
    moves = [line["actor"] for line in finding.get("history", ()) if "to" in line]
    given = finding.get("exemption")
    return str(moves[-1]) if moves else "person" if given and not given.get("rule") else ""


@dataclass(frozen=True, slots=True)
class Why:
    """Which rule asks for a scan, the rules that led to it, and the finding that it is for."""

    rule: str
    chain: tuple[str, ...]
    finding: Finding


def request_scan(repository: Repository, wanted: WantedScan, why: Why, scan: Scan | None) -> None:
    """Ask for a scan as a child of the one at hand, within the budget of the root.

    The same rule asks once for each asset on account of one root, however many findings name it.
    """
    try:
        request = _request(repository, wanted, why, scan)
    except Malformed as error:
        note("a rule names no asset", rule=why.rule, finding=why.finding["_id"], reason=str(error))
        return
    if scans.find(request.scan) is None:
        if any(scans.kind(running) == wanted.kind for running in scans.running(request.repository)):
            note("such a scan is running already", rule=why.rule, repository=request.repository)
            return
        if scans.count_for_root(broker.cause().correlation) >= MAX_SCANS_PER_ROOT:
            note("scan budget of this root is spent", rule=why.rule, repository=request.repository)
            return
    scans.record(request, _ACTOR, root=broker.cause().correlation)
    broker.emit(request)


def _request(repository: Repository, wanted: WantedScan, why: Why, scan: Scan | None) -> ScanRequested:
    """Return the request for what a rule has scanned.

    Raises:
        Malformed: What its template gives is no name of an asset.
    """
    root = broker.cause().correlation or broker.cause().id
    told: dict[str, object] = {
        "kind": wanted.kind,
        "parent": scan["_id"] if scan else "",
        "reason": f"rule {why.rule}",
        "chain": (*why.chain, why.rule),
        "tools": wanted.tools,
    }
    own = repository.get("asset_type", "repository")
    if wanted.asset_type or own != "repository":
        asset_type: AssetType = wanted.asset_type or own
        value = fill(wanted.asset_value, repository["name"], why.finding) if wanted.asset_type else repository["name"]
        name, meant = canonical(asset_type, value)
        told["scan"] = scan_id(root, f"{why.rule}|{asset_type}:{name}")
        return asset_requests.request(asset_type, name, meant, **told)
    told |= {"repository": repository["_id"], "url": repository["url"]}
    return ScanRequested.model_validate({**told, "scan": scan_id(root, f"{why.rule}|{repository['_id']}")})
