"""Was it scanned within a week?"""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from picket.probes.probe import Probe, fresh

PROBE = Probe(
    weight=7.5,
    needs=("scanned_at",),
    judge=partial(fresh, field="scanned_at", limit=timedelta(days=7), what="scan"),
    untold="no scan yet",
    remediation="Let its pushes arrive, or give it a schedule: picket repositories schedule.",
    link="functions/README.md#repositories-and-schedules",
    evidence="recent",
)
