"""What a policy would make of a stored finding, without putting it into force."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from picket.effects.mongo.documents import Repository
from picket.findings.life import state_of
from picket.findings.stored import Finding
from picket.orchestration import review
from picket.policy.decide import decide
from picket.policy.rules import Policy

COUNTED = ("severity", "state")
Told = dict[str, Any]
"""A change as the API tells it."""


def change(finding: Finding, repository: Repository, policy: Policy) -> Told:
    """Return what *policy* would change: `severity`, `confidence` and `state` as (now, then); empty if nothing.

    Conditions on the event and the scan that found it do not hold: a policy that comes into force meets neither.
    """
    now = datetime.now(UTC)
    context = {"finding": review.shown(finding), "event": {}, "repository": repository, "scan": {}}
    decision = decide(policy.rules, context, ("policy",), now)
    then = {**finding, **review.decided(finding, decision, policy.digest, now)}
    told: Told = {
        name: [finding[name], then[name]] for name in ("severity", "confidence") if finding[name] != then[name]
    }
    if (before := state_of(finding, now)) != (after := state_of(then, now)):
        told["state"] = [before, after]
    if not told:
        return {}
    where = {"id": finding["_id"], "repository": finding["repository"], "path": finding["first"].get("path", "")}
    return {**where, "rule": finding["evidence"]["rule"], **told, "rules": list(decision.applied)}
