"""What the rules make of a finding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from picket.policy.match import matches
from picket.policy.rules import Action, Context, Notify, Rule, Scan

MAX_DEPTH = 3
"""A chain of scans that rules ask for ends here."""
MAX_SCANS_PER_ROOT = 20
"""All scans that rules ask for on account of one delivery or request."""


@dataclass(frozen=True, slots=True)
class Decision:
    """A finding as it should be, and what else to do.

    `exemption` is None or reason, approver, rule, `decided_at` and `until` (RFC 3339); `scans` are (rule, scan);
    `notices` are (rule, notice); `verify_every` are the hours after which a provider is asked again, 0 for never;
    `applied` names the rules that matched.
    """

    severity: str
    confidence: float
    exemption: dict[str, Any] | None = None
    scans: tuple[tuple[str, Scan], ...] = ()
    notices: tuple[tuple[str, Notify], ...] = ()
    applied: tuple[str, ...] = ()
    verify_every: int = 0


def decide(rules: Sequence[Rule], context: Context, chain: Sequence[str], now: datetime) -> Decision:
    """Apply *rules* in their order to the finding in *context*.

    It starts from the finding's own evidence each time, so that deciding again gives the same; a secret that its
    provider accepts is critical, whatever it looks like. A later rule sees what
    an earlier one set. A rule that is already in *chain* asks for no further scan, and none does beyond `MAX_DEPTH`.

    Args:
        rules: The rules in force.
        context: `finding`, `event`, `repository`, `scan`.
        chain: Rules that led to this event.
        now: The time at which a new exemption begins; one that a rule gave before goes on from when it was given.
    """
    evidence = context["finding"]["evidence"]
    given = context["finding"].get("exemption") or {}
    works = context["finding"].get("kind") == "secret" and context["finding"].get("is_live")
    decision = Decision("critical", 1.0) if works else Decision(evidence["severity"], evidence["confidence"])
    for rule in rules:
        seen = {**context["finding"], "severity": decision.severity, "confidence": decision.confidence}
        if matches(rule, {**context, "finding": seen}):
            decision = replace(decision, applied=(*decision.applied, rule.id))
            for action in rule.actions:
                since = given.get("decided_at") if given.get("rule") == rule.id else None
                decided_at = datetime.fromisoformat(since) if since else now
                decision = _apply(decision, rule, action, chain, decided_at)
    return decision


def _apply(decision: Decision, rule: Rule, action: Action, chain: Sequence[str], decided_at: datetime) -> Decision:
    if action.set:
        decision = replace(
            decision,
            severity=action.set.severity or decision.severity,
            confidence=decision.confidence if action.set.confidence is None else action.set.confidence,
        )
    if action.exempt:
        exemption = {
            "reason": action.exempt.reason,
            "approver": action.exempt.approver or f"rule:{rule.id}",
            "rule": rule.id,
            "decided_at": _text(decided_at),
            "until": _text(decided_at + timedelta(days=action.exempt.days)),
        }
        decision = replace(decision, exemption=exemption)
    asked = action.scan or (Scan(tools=action.tool.run) if action.tool else None)
    if asked and rule.id not in chain and len(chain) < MAX_DEPTH:
        decision = replace(decision, scans=(*decision.scans, (rule.id, asked)))
    if action.notify:
        decision = replace(decision, notices=(*decision.notices, (rule.id, action.notify)))
    if action.verify:
        decision = replace(decision, verify_every=action.verify.every_hours)
    return decision


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
