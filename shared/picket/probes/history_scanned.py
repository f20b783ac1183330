"""Was the whole history looked at, for the rules in force?"""

from __future__ import annotations

from picket.probes.probe import Facts, Judged, Probe


def _judge(facts: Facts) -> Judged:
    if facts["missing_refs"]:
        return "unknown", f"its last scan was not whole: {facts['missing_refs']}"
    if not facts["history_scanned_at"]:
        return "unknown", "its history was never scanned in full"
    if facts["history_ruleset"] != facts.ruleset:
        return "fail", "its history was scanned for older rules"
    return "pass", f"scanned in full at {facts['history_scanned_at']}"


PROBE = Probe(
    weight=10.0,
    needs=("missing_refs", "history_scanned_at"),
    judge=_judge,
    untold="its history was never scanned in full",
    remediation="Ask for a scan of the whole history: picket submit REPOSITORY --wait.",
    link="functions/README.md#scans",
    evidence="history",
)
