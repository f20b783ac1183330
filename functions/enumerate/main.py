"""Find the commits a scan concerns and cut them into batches; on a tick, look after scans that are due or stuck."""

from picket.events import ScanRequested, Tick
from picket.orchestration import enumeration, schedule, sweep
from picket.runtime import consumes


@consumes(ScanRequested, Tick)
def main(event: ScanRequested | Tick) -> None:
    """Enumerate a scan; or, on a tick, pick up what was left and ask for what is due."""
    match event:
        case ScanRequested():
            enumeration.expand(event)
        case Tick():
            sweep.run()
            schedule.ask_for_due_scans()
            schedule.ask_for_rescans()
