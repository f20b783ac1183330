"""`make bench`: the budgets of the design as ratios in one run, printed as a table and written as JSON."""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.benchmarks import burst, pushed, scans, starts, webhooks
from tests.benchmarks.bench import Bench
from tests.benchmarks.processes import measure
from tests.benchmarks.row import Row, as_json, table

GROUPS: dict[str, Callable[[Bench], list[Row]]] = {
    "engine": scans.engine,
    "pipeline": scans.pipeline,
    "starts": starts.rows,
    "webhooks": webhooks.rows,
    "pushes": pushed.rows,
    "burst": burst.rows,
    "findings": pushed.growth,
    "growth": scans.growth,
}

_BUSY = 0.5


def main() -> None:
    """Run the groups asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--only", action="append", choices=GROUPS, help="one group of rows; may be given again")
    parser.add_argument("--output", type=Path, default=Path("build/bench.json"), help="where the JSON goes")
    parser.add_argument("--quick", action="store_true", help="do everything a few times only: to try the benchmarks")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started ends
    load = os.getloadavg()[0]
    if load > _BUSY:
        sys.stderr.write(f"the machine has other work (load {load:.1f}): times suffer, and ratios that need cores\n")
    rows: list[Row] = []
    try:
        with tempfile.TemporaryDirectory(prefix="picket-bench-") as scratch:
            bench = Bench(Path(scratch), quick=asked.quick)
            for name, group in GROUPS.items():
                if not asked.only or name in asked.only:
                    start = time.monotonic()
                    rows += group(bench)
                    sys.stderr.write(f"{name}: {time.monotonic() - start:.0f} s\n")
    finally:  # what was measured before something failed took its time as well
        report(rows, asked.output, machine(load=load, quick=asked.quick))


def report(rows: list[Row], output: Path, measured_on: dict[str, object]) -> None:
    """Write the JSON and print the table."""
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(as_json(rows, measured_on), indent=2, ensure_ascii=False) + "\n")
    sys.stdout.write(f"{table(rows)}\n")


def machine(*, load: float, quick: bool) -> dict[str, object]:
    """Say what the figures were taken on."""
    return {
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "git": measure(["git", "--version"], keep=True).output.strip(),
        "load before": load,
        "quick": quick,
    }


if __name__ == "__main__":
    main()
