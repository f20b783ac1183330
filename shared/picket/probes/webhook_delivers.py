"""Does its webhook deliver?"""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from picket.probes.probe import Probe, fresh

PROBE = Probe(
    weight=7.5,
    needs=("delivered_at",),
    judge=partial(fresh, field="delivered_at", limit=timedelta(days=30), what="delivery"),
    untold="no delivery yet",
    remediation="Register a webhook and give its URL and secret to the forge: picket webhooks add.",
    link="functions/README.md#webhooks",
)
