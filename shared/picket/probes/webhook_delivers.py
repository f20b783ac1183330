"""Does its webhook deliver?"""

from __future__ import annotations

from datetime import timedelta

from picket.probes.probe import Facts, Judged, Probe, fresh


def _judge(facts: Facts) -> Judged:
    if facts["webhook_fault"]:
        return "fail", facts["webhook_fault"]
    return fresh(facts, field="delivered_at", limit=timedelta(days=30), what="delivery")


PROBE = Probe(
    weight=7.5,
    needs=("delivered_at", "webhook_fault"),
    judge=_judge,
    untold="no delivery yet",
    remediation="Let the forge tell of pushes: picket webhooks connect FORGE OWNER, or picket webhooks add.",
    link="functions/README.md#webhooks",
)
