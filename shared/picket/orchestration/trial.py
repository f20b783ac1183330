"""What a policy would make of a stored finding, without putting it into force."""

from __future__ import annotations

from datetime import UTC, datetime

from picket.effects.mongo.client import Document
from picket.findings.life import state_of
from picket.orchestration import review
from picket.policy.decide import decide
from picket.policy.rules import Policy

COUNTED = ("severity", "state")


def change(finding: Document, repository: Document, policy: Policy) -> Document:
    """Return what *policy* would change: `severity`, `confidence` and `state` as (now, then); empty if nothing.

    Conditions on the event and the scan that found it do not hold: a policy that comes into force meets neither.
    """
    now = datetime.now(UTC)
    context = {"finding": review.shown(finding), "event": {}, "repository": repository, "scan": {}}
    decision = decide(policy.rules, context, ("policy",), now)
    then = {**finding, **review.decided(finding, decision, policy.digest, now)}
    told: Document = {
        name: [finding[name], then[name]] for name in ("severity", "confidence") if finding[name] != then[name]
    }
    if (before := state_of(finding, now)) != (after := state_of(then, now)):
        told["state"] = [before, after]
    if not told:
        return {}
    where = {"id": finding["_id"], "repository": finding["repository"], "path": finding["first"].get("path", "")}
    return {**where, "rule": finding["evidence"]["rule"], **told, "rules": list(decision.applied)}
