"""Turn tools' reports into findings."""

from picket.events import ReportReceived
from picket.orchestration import collecting
from picket.runtime import consumes


@consumes(ReportReceived)
def main(event: ReportReceived) -> None:
    """Apply one report to the findings of its repository."""
    collecting.collect(event)
