"""Does a team own it?"""

from __future__ import annotations

from picket.probes.probe import Facts, Judged, Probe


def _judge(facts: Facts) -> Judged:
    team = facts["team"]
    return ("pass", f"owned by {team}") if team else ("fail", "no team owns it")


PROBE = Probe(
    weight=2.5,
    needs=(),
    judge=_judge,
    untold="",
    remediation="Say which team owns it: picket repositories set REPOSITORY --team TEAM.",
    link="functions/README.md#repositories-and-schedules",
)
