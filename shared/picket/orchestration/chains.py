"""Which rules have led to a report: a rule that asks for a tool's run is not to be asked for by what that run finds."""

from __future__ import annotations

from picket.effects.mongo import scans, tool_runs


def of_report(report: str) -> tuple[str, ...]:
    """Return the rules that led to the run that a report is of, oldest first; none if it came otherwise."""
    run = tool_runs.of_report(report)
    scan = scans.find(run["scan"]) if run else None
    return tuple(scan["chain"]) if scan else ()
