"""`python -m picket.tools.adapter attend|run|fetch|report`."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
from pathlib import Path

from picket.effects.telemetry import logs
from picket.errors import PicketError
from picket.tools.adapter import attendance, execution, fetching, reporting
from picket.tools.adapter.workplace import Workplace


def main() -> int:
    """Do one step; 0 unless it is worth another attempt."""
    parser = argparse.ArgumentParser(prog="picket.tools.adapter", description=__doc__)
    parser.add_argument("step", choices=("attend", "fetch", "run", "report"))
    parser.add_argument("--wait", action="store_true", help="of run: wait for the order, and stay after the tool's end")
    parser.add_argument("--event", type=Path, default=Path("/etc/jobsink-event/event"), help="file with the event")
    parser.add_argument("--work", type=Path, default=Path("/job"), help="folder that the steps share")
    given = parser.parse_args()
    logs.configure()
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))  # the tool is ended on the way out
    place = Workplace(given.work)
    try:
        match given.step:
            case "attend":
                attendance.attend(given.event, place)
            case "fetch":
                fetching.fetch(given.event, place)
            case "run" if given.wait:
                attendance.run_once(place)
            case "run":
                execution.execute(place)
            case _:
                reporting.report(given.event, place)
    except PicketError as error:
        logs.note("step failed", level=logging.ERROR, step=given.step, reason=str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
