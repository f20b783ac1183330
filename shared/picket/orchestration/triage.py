"""What people decide of findings: their state, who works on them, and what is said of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from picket.effects import policy as effective
from picket.effects.mongo import approvals, findings
from picket.effects.mongo.records import Approval, Wanted
from picket.errors import Busy, Conflict, Gone, Malformed
from picket.findings.life import Move, State, entry, moved, state_of
from picket.findings.stored import Changes, Finding
from picket.orchestration import duties, review

_TRIES = 5
_BUSY = "being changed by others"
_GIVEN_UP = timedelta(minutes=1)
"""Longer than a request that applies what was approved may take."""
_AT_ONCE = 20
_REASONS = {"fixed": "remediated", "false-positive": "false-positive"}
"""Reasons where a person gives none."""
_SAME_VALUE = 100
"""Findings of the same secret in other repositories that are proposed for the same decision."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person decides; what is None stays as it is, and `comment` joins the history."""

    by: str
    state: State | None = None
    reason: str = ""
    comment: str = ""
    until: str = ""
    assignee: str | None = None

    @property
    def wanted(self) -> Wanted | None:
        """What an approval keeps of it; None where it moves nothing."""
        if self.state is None:
            return None
        return {"state": self.state, "reason": self.reason, "comment": self.comment, "until": self.until}


@dataclass(slots=True)
class Outcome:
    """What became of a decision on several findings: ids by repository, refusals by id, and what waits for approval."""

    changed: dict[str, list[str]] = field(default_factory=dict)
    unchanged: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    waiting: list[str] = field(default_factory=list)
    approval: Approval | None = None


def decide(names: Sequence[str], decision: Decision, *, dry_run: bool = False, approved: bool = False) -> Outcome:
    """Put a person's decision into findings, and say which have changed; refusals do not stop the others.

    Args:
        names: Ids of findings.
        decision: What to do.
        dry_run: Change nothing, and tell what would be.
        approved: A second person has agreed.

    Raises:
        Malformed: The decision can be of no finding.
    """
    _check(decision)
    outcome = Outcome()
    known = {finding["_id"]: finding for finding in findings.get_many(names)}
    for name in dict.fromkeys(names):
        finding = known.get(name)
        if finding is None:
            outcome.refused[name] = "no such finding"
        elif not approved and _needs_approval(finding, decision):
            outcome.waiting.append(name)
        else:
            _one(finding, decision, outcome, dry_run=dry_run)
    if not dry_run:
        if outcome.waiting and (wanted := decision.wanted):
            outcome.approval = approvals.ask(outcome.waiting, wanted, decision.by)
        for repository, changed in outcome.changed.items():
            review.tell(repository, changed, f"person|{decision.by}")
    return outcome


def settle(approval: Approval, by: str, *, agrees: bool, comment: str = "") -> tuple[Approval, Outcome]:
    """Let a second person decide on what the first one asked for; what they agree to is done.

    Raises:
        Conflict: It is the same person, or it was decided otherwise before.
    """
    if by == approval["asked_by"]:
        raise Conflict("the person who asked for it cannot approve it")
    decided = approvals.decide(approval, "approved" if agrees else "denied", by, comment)
    return decided, _apply(decided) if agrees else Outcome()


def go_on(_cursor: str) -> str | None:
    """Apply what was approved by a request that died before it was done."""
    found = approvals.unapplied(_GIVEN_UP, _AT_ONCE)
    duties.each("approvals", found, _apply)
    return duties.more(len(found) == _AT_ONCE)


def _apply(approval: Approval) -> Outcome:
    """Do what was approved, and say so of every finding: an earlier attempt may have died before it could."""
    wanted, by, comment = approval["wanted"], approval["decided_by"], approval["comment"]
    told = f"approved by {by}" + (f": {comment}" if comment else "")
    spoken = f"{wanted['comment']} ({told})" if wanted["comment"] else told
    decision = Decision(approval["asked_by"], wanted["state"], wanted["reason"], spoken, wanted["until"])
    outcome = decide(approval["findings"], decision, approved=True)
    for repository, names in _by_repository(outcome.unchanged).items():
        review.tell(repository, names, f"approval|{approval['_id']}")
    if not any(_BUSY in reason for reason in outcome.refused.values()):
        approvals.applied(approval)
    return outcome


def _by_repository(names: Sequence[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for finding in findings.get_many(names):
        found.setdefault(finding["repository"], []).append(finding["_id"])
    return found


def elsewhere(finding: Finding) -> list[Finding]:
    """Return the findings of the same secret in other repositories, which a decision may hold for, too."""
    if not value_id(finding):
        return []
    return [one for one in findings.of_value(finding["identity"], _SAME_VALUE) if one["_id"] != finding["_id"]]


def value_id(finding: Mapping[str, object]) -> str:
    """Return what is the same for the same secret in every repository; empty where the value is not known."""
    reporters = finding.get("reporters", (findings.ENGINE,))
    is_known = finding["kind"] == "secret" and isinstance(reporters, list | tuple) and findings.ENGINE in reporters
    return str(finding.get("identity", "")) if is_known else ""


def _check(decision: Decision) -> None:
    if decision.state is None and decision.assignee is None and not decision.comment:
        raise Malformed("there is nothing to change: give state, assignee or comment")
    if decision.state == "accepted" and not decision.reason:
        raise Malformed("reason: say why it is accepted")
    if decision.until and decision.state != "accepted":
        raise Malformed("until: only what is accepted has an end")


def _needs_approval(finding: Finding, decision: Decision) -> bool:
    if decision.state is None or state_of(finding, datetime.now(UTC)) == decision.state != "accepted":
        return False
    return effective.policy().needs_approval(decision.state, finding["severity"])


def _one(finding: Finding, decision: Decision, outcome: Outcome, *, dry_run: bool) -> None:
    try:
        fields = _changed(finding, decision) if dry_run else _put(finding, decision)
    except (Busy, Conflict) as error:
        outcome.refused[finding["_id"]] = str(error)
        return
    if fields:
        outcome.changed.setdefault(finding["repository"], []).append(finding["_id"])
    else:
        outcome.unchanged.append(finding["_id"])


def _put(finding: Finding, decision: Decision) -> Changes:
    """Change a finding; return what changed.

    Raises:
        Busy: Others kept changing it.
        Conflict: There is no such move.
    """
    for _ in range(_TRIES):
        fields = _changed(finding, decision)
        if not fields or findings.change(finding, fields):
            return fields
        fresh = findings.get(finding["_id"])
        if fresh is None:
            raise Gone("no such finding")
        finding = fresh
    raise Busy(f"the finding is {_BUSY}")


def _changed(finding: Finding, decision: Decision) -> Changes:
    """Return the fields that a decision changes; none where the finding is in the state that is wanted.

    Raises:
        Conflict: There is no such move.
    """
    now = datetime.now(UTC)
    fields: Changes = {}
    if decision.state is not None and (state_of(finding, now) != decision.state or decision.state == "accepted"):
        reason = decision.reason or _REASONS.get(decision.state, "")
        move = Move(decision.state, "person", decision.by, reason, decision.comment, decision.until)
        fields |= moved(finding, move, now)
    if decision.assignee is not None and decision.assignee != finding.get("assignee", ""):
        fields["assignee"] = decision.assignee
    told = {"assignee": decision.assignee or "nobody"} if "assignee" in fields else {}
    if "entry" in fields:
        fields["entry"] |= told
    elif told or decision.comment:
        at = now.isoformat(timespec="microseconds").replace("+00:00", "Z")
        fields["entry"] = entry(decision.by, at) | told
        fields["entry"] |= {"comment": decision.comment} if decision.comment else {}
    return fields
