"""Probes: checks of how a repository is watched, one module each, and this registry.

To add one, write its module with a `PROBE` and add the line here. A change of weights is a new model of the score.
"""

from __future__ import annotations

from picket.probes import commits_announced, history_scanned, owner_known, recent_scan, webhook_delivers
from picket.probes.probe import Probe

PROBES: dict[str, Probe] = {
    "history-scanned": history_scanned.PROBE,
    "recent-scan": recent_scan.PROBE,
    "webhook-delivers": webhook_delivers.PROBE,
    "commits-announced": commits_announced.PROBE,
    "owner-known": owner_known.PROBE,
}
"""Probes by id, in the order in which they are shown."""
