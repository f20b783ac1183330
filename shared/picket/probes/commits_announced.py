"""Was every commit that a scheduled scan met announced by a delivery?"""

from __future__ import annotations

from datetime import datetime, timedelta

from picket.probes.probe import Facts, Judged, Probe

_FRESH = timedelta(days=30)


def _judge(facts: Facts) -> Judged:
    at = facts["unannounced_at"]
    if at and facts.now - datetime.fromisoformat(at) <= _FRESH:
        return "fail", f"commits that no delivery announced at {at}"
    if not facts["delivered_at"]:
        return "unknown", "no deliveries to compare with"
    return "pass", "every commit was announced"


PROBE = Probe(
    weight=5.0,
    needs=("unannounced_at", "delivered_at"),
    judge=_judge,
    untold="no deliveries to compare with",
    remediation="Look at the forge's list of failed deliveries: the webhook may be disabled or miss some events.",
    link="functions/README.md#webhooks",
)
