"""Whole histories: the engine against git, the pipeline against the engine, and how both grow."""

from __future__ import annotations

import json
import statistics
import sys
from pathlib import Path

from tests.benchmarks import histories, material
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
    """Measure a whole history through all functions, against a clone and `picket scan`, and again with nothing new."""
    made = histories.longer(quick=bench.quick)
    rounds = range(bench.times(3, 1))
    alone = statistics.median(_scan(bench, made.git_dir) for _ in rounds)
    cloned = statistics.median(_clone(bench, made.git_dir, number) for number in rounds)
    through: list[float] = []
    for number in rounds:
        with picket_up(bench.scratch / f"pipeline-{number}") as stack:
            _submit(stack.url, material.nothing())  # the rules are compiled, and the functions up
            through.append(_submit(stack.url, made.git_dir))
            again = statistics.median(_submit(stack.url, made.git_dir) for _ in rounds)
    refs = ["git", "--git-dir", str(made.git_dir), "for-each-ref"]
    python = [sys.executable, "-c", ""]
    least = statistics.median(measure(refs).seconds + measure(python).seconds for _ in range(5))
    whole = statistics.median(through)
    return [
        Row(
            "full scan through the pipeline",
            f"`picket submit --wait` of {histories.LONGER} commits, functions running, against `git clone --mirror` "
            "and `picket scan --fresh`",
            ratio(whole, cloned + alone),
            limit=1.3,
            figures={"pipeline s": whole, "picket scan s": alone, "git clone s": cloned},
            note="the pipeline fetches a mirror of its own first",
        ),
        Row(
            "rescan with nothing new, pipeline",
            "`picket submit --wait` again, against `git for-each-ref` and Python's start",
            ratio(again, least),
            figures={"again s": again, "least s": least},
            note="the budget of 2 x is the command line's own rescan: see `make bench-scan`",
        ),
    ]


def _scan(bench: Bench, git_dir: Path) -> float:
    """Scan a repository with `picket scan`; seconds."""
    env = clean_environment(XDG_CACHE_HOME=str(bench.scratch / "cache"))
    command = [sys.executable, "-m", "picket.cli", "scan", str(git_dir), "--fresh", "--format", "json"]
    return measure([*command, "--output", str(bench.scratch / "out.json")], env=env, statuses=(1,)).seconds


def _clone(bench: Bench, git_dir: Path, number: int) -> float:
    """Clone a repository as a forge would hand it out; seconds."""
    target = bench.scratch / f"clone-{number}.git"
    return measure(["git", "clone", "--quiet", "--mirror", git_dir.as_uri(), str(target)]).seconds


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
