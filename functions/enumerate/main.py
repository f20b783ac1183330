"""Find the commits a scan concerns, and the repositories of an organization; on a tick, look after what is due."""

from picket.events import OrganizationRequested, ScanRequested, Tick
from picket.orchestration import enumeration, organizations, schedule, sweep
from picket.runtime import consumes


@consumes(ScanRequested, OrganizationRequested, Tick)
def main(event: ScanRequested | OrganizationRequested | Tick) -> None:
    """Enumerate a scan or a page of an organization; or, on a tick, pick up what was left and ask for what is due."""
    match event:
        case ScanRequested():
            enumeration.expand(event)
        case OrganizationRequested():
            organizations.step(event)
        case Tick():
            sweep.run()
            schedule.ask_for_due_scans()
            schedule.ask_for_rescans()
            organizations.go_on()
