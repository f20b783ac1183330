"""Whole histories: the engine against git, the pipeline against the engine, and how both grow."""

from __future__ import annotations

import json
import statistics
import sys
from pathlib import Path

from tests.benchmarks import material
from tests.benchmarks.bench import Bench
from tests.benchmarks.processes import clean_environment, measure
from tests.benchmarks.row import Row, ratio
from tests.support.stack import picket_up

MOST_PEAK_MB = 300.0


def engine(bench: Bench) -> list[Row]:
    """Measure the scan of a whole history, without broker and store."""
    found = bench.history
    name = "full history, all refs"
    megabytes = found.counts["bytes"] / 1e6
    return [
        Row(
            name,
            f"engine, two processes, against `git log -p -U0 --all`; {found.counts['commits']} releases, "
            f"{found.counts['blobs']} blobs, {megabytes:.0f} MB, {found.counts['batches']} batches",
            ratio(found.engine, found.git),
            limit=0.5,
            figures={"engine s": found.engine, "git s": found.git, "MB/s": megabytes / found.engine},
            note=f"rules compiled before, which took {bench.compiling - bench.starting:.1f} s once",
        ),
        Row(f"{name}: memory", "peak of the largest process", found.peak_mb, unit="MB", limit=MOST_PEAK_MB),
    ]


def pipeline(bench: Bench) -> list[Row]:
    """Measure the same scan through functions, broker and store, and a second one that finds nothing new."""
    with picket_up(bench.scratch / "pipeline") as stack:
        first = _submit(stack.url, bench.repository)
        again = statistics.median(_submit(stack.url, bench.repository) for _ in range(bench.times(3, 1)))
    refs = ["git", "--git-dir", str(bench.repository), "for-each-ref"]
    python = [sys.executable, "-c", ""]
    least = statistics.median(measure(refs).seconds + measure(python).seconds for _ in range(5))
    return [
        Row(
            "full history through the pipeline",
            "`picket submit --wait` on a fresh data folder, functions from zero, against the engine alone",
            ratio(first, bench.history.engine),
            figures={"pipeline s": first, "engine s": bench.history.engine},
        ),
        Row(
            "rescan with nothing new, pipeline",
            "`picket submit --wait` again, against `git for-each-ref` and Python's start",
            ratio(again, least),
            figures={"again s": again, "least s": least},
            note="the budget of 2 x is the command line's own rescan: see `make bench-scan`",
        ),
    ]


def growth(bench: Bench) -> list[Row]:
    """Measure the engine on four times as many commits of the same kind."""
    rounds = range(bench.times(3, 1))
    start = bench.starting
    passes = bench.times(2, 1)
    few, many = (
        statistics.median(bench.scan(material.growth(number))[0].seconds for _ in rounds)
        for number in (passes, 4 * passes)
    )
    return [
        Row(
            "cost of 4n commits, engine",
            f"{5 * passes} and {20 * passes} commits of the same kind: the time for 4n less the start, "
            "by four times that for n",
            ratio(many - start, 4 * (few - start)),
            limit=1.2,
            figures={"n s": few, "4n s": many, "start s": start},
        )
    ]


def _submit(url: str, repository: Path) -> float:
    """Scan a repository through the stack; seconds."""
    command = [sys.executable, "-m", "picket.cli", "submit", str(repository), "--wait", "--json", "--server", url]
    done = measure(command, env=clean_environment(), keep=True)
    state = json.loads(done.output)["state"]
    assert state == "Done", f"the scan ended {state}"
    return done.seconds
