"""When providers are asked about findings, and what their answers make of these."""

from __future__ import annotations

from datetime import UTC, datetime

from picket.effects import broker
from picket.effects.mongo import findings
from picket.errors import Busy
from picket.events import VerificationRequested
from picket.findings.life import Move, moved, named
from picket.findings.stored import Changes, Finding
from picket.verification import verifier_for

_AT_ONCE = 100
BY = "verification"
"""Who stands in the history of a finding for its provider."""


def can_be_asked(finding: Finding) -> bool:
    """Return whether the provider of a finding's secret can be asked about it."""
    return bool(finding.get("kept")) and verifier_for(finding["evidence"]["rule"]) is not None


def scheduled(finding: Finding, state: str, every: int, at: datetime) -> Changes:
    """Return the fields by which the policy has a provider asked, as far as they change.

    What was asked once is asked again until the secret is dead, though somebody has called the finding fixed.

    Args:
        finding: As stored.
        state: Its state as it is about to be.
        every: The hours after which the policy wants it asked again, 0 for never.
        at: The time of the decision.
    """
    fields: Changes = {} if finding.get("verify_every", 0) == every else {"verify_every": every}
    due = finding.get("verify_due", "")
    if due and not every and finding.get("verify_every"):  # without that, a person's revocation is still to be seen
        fields["verify_due"] = ""
    if every and not due and named(state) in {"open", "accepted"} and can_be_asked(finding):
        fields["verify_due"] = due_at(at)
    return fields


def ask_due(_cursor: str) -> str | None:
    """Ask for what is due by the clock."""
    found = findings.due_for_verification(_AT_ONCE)
    for one in found:
        due = one.get("verify_due", "")
        broker.emit(VerificationRequested(repository=one["repository"], finding=one["_id"], due=due))
    return None  # what is asked for stays due until it is done: a next piece would ask for the same


def settled(finding: Finding) -> Finding:
    """Make of a finding what its provider's answer says, and return it as it is then.

    A secret that works is open, though somebody called it fixed or a false positive; one that does not is fixed.

    Raises:
        Busy: The finding is being changed by others.
    """
    said = finding.get("verification")
    if said is None or said["result"] == "unknown" or finding.get("settled") == said["request"]:
        return finding  # what was decided after that stays, however often the event comes
    works, state = said["result"] == "live", named(finding["state"])
    fields: Changes = {} if finding.get("is_live", False) == works else {"is_live": works}
    if works and state in {"fixed", "false-positive"}:
        fields |= moved(finding, Move("open", "verification", BY, "its provider accepts it"), datetime.now(UTC))
    if not works and state in {"open", "accepted"}:
        fields |= moved(finding, Move("fixed", "verification", BY, "remediated", said["reason"]), datetime.now(UTC))
    put(finding, {**fields, "settled": said["request"]})
    return findings.get_many([finding["_id"]])[0]


def put(finding: Finding, fields: Changes) -> None:
    """Set fields of a finding.

    Raises:
        Busy: It is being changed by others.
    """
    if fields and not findings.change(finding, fields):
        raise Busy(f"finding {finding['_id']} is being changed by others")


def due_at(moment: datetime) -> str:
    """Return a time as `verify_due` keeps it."""
    return "at " + moment.isoformat(timespec="microseconds").replace("+00:00", "Z")
