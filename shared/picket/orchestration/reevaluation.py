"""Applying a changed policy to the findings that are stored: in the background, and so many a minute.

The clock finds out that findings are still to be judged by the policy in force, and asks for it; feedback judges them
piece by piece, those first that were judged the longest ago.
"""

from __future__ import annotations

from typing import Any

from picket.effects import broker
from picket.effects import policy as effective
from picket.effects.mongo import findings, in_force, repositories
from picket.effects.telemetry import note
from picket.events import PolicyChanged, now
from picket.findings.stored import Finding
from picket.orchestration import review, statuses
from picket.settings import settings

PIECE = 100
"""Findings that one event judges."""
_LEFT_COUNTED = 10_000
"""Findings that are left are counted so far."""
_SHOWN = frozenset({"severity", "confidence", "state"})
_MINUTE = len("2026-01-01T00:00")


def watch(_cursor: str) -> str | None:
    """Note the policy of this revision, and ask for what is still to be judged by the one in force."""
    own = effective.policy().digest
    in_force.see("policies", own, used=True)
    if in_force.digest("policies", own) == own and findings.judged_otherwise(own, 1):
        broker.emit(PolicyChanged(policy=own))
    return None


def step(event: PolicyChanged) -> None:
    """Judge a piece of what is to be judged anew, unless this minute's budget is spent, and ask for the next one.

    Raises:
        Busy: A finding is being changed by others.
    """
    policy = effective.policy()
    in_force.see("policies", policy.digest, used=True)
    if policy.digest != event.policy:
        note("a policy that is not this revision's is left to others", policy=event.policy)
        return
    if not in_force.spend(
        "policies", policy.digest, now()[:_MINUTE], settings().reevaluations_per_minute // PIECE or 1
    ):
        return
    stale = findings.judged_otherwise(policy.digest, PIECE)
    changed = _judged(stale)
    for repository_id in sorted({finding["repository"] for finding in stale}):
        statuses.correct(repository_id)  # the policy says which findings fail a commit, too
    for repository_id, names in changed.items():
        review.tell(repository_id, names, f"{event.policy}|{event.turn}", corrects=False)
    note("findings judged by a changed policy", policy=event.policy, judged=len(stale), changed=len(changed))
    if len(stale) == PIECE:
        broker.emit(PolicyChanged(policy=event.policy, turn=event.turn + 1))


def _judged(stale: list[Finding]) -> dict[str, list[str]]:
    """Judge findings by the policy in force; the ids, by repository, of those of which something shown has changed."""
    changed: dict[str, list[str]] = {}
    for finding in stale:
        repository = repositories.get(finding["repository"])
        if repository is None:
            continue
        if _SHOWN & review.put(finding, review.judge(finding, None, repository, None, ("policy",))).keys():
            changed.setdefault(finding["repository"], []).append(finding["_id"])
    return changed


def progress() -> dict[str, Any]:
    """Return how far the policy in force is applied: its digest, and how many findings are left, up to 10,000."""
    own = effective.policy().digest
    digest = in_force.digest("policies", own)
    left = len(findings.judged_otherwise(digest, _LEFT_COUNTED))
    return {"in_force": digest, "left": left, "is_applied": left == 0}
