"""Turn tools' reports into findings."""

from picket.events import ReportReceived, ToolCompleted
from picket.orchestration import collecting, runs
from picket.runtime import consumes


@consumes(ReportReceived, ToolCompleted)
def main(event: ReportReceived | ToolCompleted) -> None:
    """Apply one report to the findings of its repository, or take in what a run of a tool has found."""
    match event:
        case ReportReceived():
            collecting.collect(event)
        case ToolCompleted():
            runs.take(event)
