"""Find the commits a scan concerns, and the repositories of an organization; on a tick, look after what is due."""

from picket.events import (
    CancellationRequested,
    DutyDue,
    OrganizationRequested,
    RepositoryForgotten,
    ScanRequested,
    Tick,
)
from picket.orchestration import (
    acceptances,
    cancellation,
    channel,
    connections,
    duties,
    enumeration,
    expiry,
    forgetting,
    keeping,
    organizations,
    reevaluation,
    refs,
    retention,
    schedule,
    statuses,
    sweep,
    tooling,
    triage,
    upkeep,
    verified,
)
from picket.runtime import consumes

DUTIES: dict[str, duties.Piece] = {
    "leases": sweep.return_work_of_the_dead,
    "idle": sweep.nudge_due,
    "schedules": schedule.ask_for_due_scans,
    "rescans": schedule.ask_for_rescans,
    "organizations": organizations.go_on,
    "webhooks": connections.go_on,
    "statuses": statuses.go_on,
    "teams": sweep.evaluate_teams,
    "forgotten": forgetting.go_on,
    "expiry": expiry.run,
    "gauges": sweep.count_findings,
    "lists": sweep.enter_in_lists,
    "retention": retention.run,
    "occurrences": retention.trim_occurrences,
    "mirrors": upkeep.run,
    "refs": refs.compare_due,
    "policy": reevaluation.watch,
    "acceptances": acceptances.end,
    "approvals": triage.go_on,
    "channel": channel.watch,
    "verifications": verified.ask_due,
    "kept": keeping.clear,
    "tools": tooling.end_lost,
}

FORMER: dict[str, duties.Piece] = {"untold": sweep.nudge_due, "retries": sweep.nudge_due}
"""Duties that revisions of a former version ask for."""


@consumes(ScanRequested, OrganizationRequested, CancellationRequested, RepositoryForgotten, Tick, DutyDue)
def main(
    event: ScanRequested | OrganizationRequested | CancellationRequested | RepositoryForgotten | Tick | DutyDue,
) -> None:
    """Enumerate a scan or a page of an organization, end what is cancelled or forgotten, or do what a tick is for."""
    match event:
        case ScanRequested():
            enumeration.expand(event)
        case OrganizationRequested():
            organizations.step(event)
        case CancellationRequested():
            cancellation.carry_on(event)
        case RepositoryForgotten():
            forgetting.step(event)
        case Tick():
            duties.spread(DUTIES)
        case DutyDue():
            duties.do(event, DUTIES | FORMER)
