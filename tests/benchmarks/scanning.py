"""`make bench-scan`: this scanner beside others on the same repositories: time, memory, and what was found."""

from __future__ import annotations

import argparse
import os
import signal
import statistics
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.benchmarks import histories, real
from tests.benchmarks.__main__ import machine, report
from tests.benchmarks.histories import Made
from tests.benchmarks.peers import Scanner, peers, picket
from tests.benchmarks.processes import ChildFailed, Finished, clean_environment, measure
from tests.benchmarks.real import FASTER_THAN, MOST_OF_GIT, MOST_PEAK_MB
from tests.benchmarks.row import Row, ratio

HISTORIES: dict[str, Callable[..., Made]] = {
    "long": histories.long,
    "wide": histories.wide,
    "heavy": histories.heavy,
}
MOST_HOOK_MS = 60.0
MOST_RESCAN = 2.0


def main() -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.scanning", description=__doc__)
    parser.add_argument(
        "--only", action="append", choices=[*HISTORIES, "real", "hook", "rescan"], help="may be given again"
    )
    parser.add_argument("--output", type=Path, default=Path("build/bench-scan.json"), help="where the JSON goes")
    parser.add_argument("--quick", action="store_true", help="small repositories, one round: to try the benchmark")
    parser.add_argument("--rounds", type=int, default=3, help="how often each scanner looks at each repository")
    parser.add_argument("--alone", action="store_true", help="without the other scanners")
    parser.add_argument("--without", action="append", default=[], help="a scanner to leave out; may be given again")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    rows: list[Row] = []
    try:
        with tempfile.TemporaryDirectory(prefix="picket-bench-") as scratch:
            scanners = [] if asked.alone else peers(_say, asked.without)
            bench = Bench(Path(scratch), scanners, rounds=1 if asked.quick else asked.rounds)
            for name, make in HISTORIES.items():
                if not asked.only or name in asked.only:
                    rows += bench.history(name, make(quick=asked.quick))
            if (folder := os.environ.get("BENCH_REPOSITORIES")) and (not asked.only or "real" in asked.only):
                rows += bench.real(real.folder_of(folder))
            if not asked.only or "rescan" in asked.only:
                rows.append(bench.rescan(histories.long(quick=asked.quick)))
            if not asked.only or "hook" in asked.only:
                rows += bench.hook(histories.staged(Path(scratch)))
    finally:
        report(rows, asked.output, machine(load=0.0, quick=asked.quick))


class Bench:
    """One run in the folder *scratch*."""

    def __init__(self, scratch: Path, others: Sequence[Scanner], *, rounds: int) -> None:
        self.scratch = scratch
        self.rounds = rounds
        self.ours = picket(scratch / "home")
        self.scanners = [self.ours, *others]
        for scanner in self.scanners:  # compiles and caches rules, which is done once
            scanner.scan(histories.long(quick=True).git_dir, scratch / "warm")

    def history(self, name: str, made: Made) -> list[Row]:
        """Scan all of a repository with every scanner."""
        git = ["git", "--no-pager", "--git-dir", str(made.git_dir), "log", "-p", "-U0", "--all"]
        taken: defaultdict[str, list[Finished]] = defaultdict(list)
        found: dict[str, float] = {}
        for number in range(self.rounds):
            taken["git log -p"].append(measure(git, seconds=1_800, watch=True))
            for scanner in self.scanners:
                where = self.scratch / f"{scanner.name}.report"
                try:
                    taken[scanner.name].append(scanner.scan(made.git_dir, where))
                except ChildFailed as error:
                    _say(f"{scanner.name} on {name}: {error}")
                    continue
                found[scanner.name] = _share_found(made, where)
            _say(f"{name}, round {number + 1}: " + _seconds(taken))
        ours = _median(taken["picket"])
        seconds = {f"{who} s": _median(each) for who, each in taken.items() if each}
        rows = [
            Row(
                f"{name}, against git log -p",
                _size(made),
                ratio(ours, _median(taken["git log -p"])),
                limit=MOST_OF_GIT,
                figures=seconds,
            ),
            Row(
                f"{name}, memory",
                "all processes together, what they share counted once",
                max(each.together_mb for each in taken["picket"]),
                unit="MB",
                limit=MOST_PEAK_MB,
                figures={
                    f"{who} MB": max(each.together_mb for each in each_of) for who, each_of in taken.items() if each_of
                },
            ),
            Row(
                f"{name}, planted secrets found",
                f"of {len(made.planted)}",
                found["picket"],
                figures=found,
                unit="share",
            ),
        ]
        return rows + [
            Row(
                f"{name}, faster than {scanner.name}",
                "times",
                ratio(_median(taken[scanner.name]), ours),
                limit=FASTER_THAN.get(scanner.name),
                at_least=True,
            )
            for scanner in self.scanners[1:]
            if taken[scanner.name]
        ]

    def real(self, folder: Path) -> list[Row]:
        """Scan the repositories of a folder with every scanner that comes to an end on most."""
        home = self.scratch / "home"
        scanners = [self.ours, real.plain(home), *(each for each in self.scanners[1:] if each.name in FASTER_THAN)]
        return real.rows(folder, scanners, self.rounds, self.scratch, _say)

    def rescan(self, made: Made) -> Row:
        """Scan again when nothing is new."""
        command = [sys.executable, "-m", "picket.cli", "scan", str(made.git_dir), "--quiet", "--exit-code=0"]
        refs = ["git", "--git-dir", str(made.git_dir), "for-each-ref"]
        environment = clean_environment(**self.ours.environment)
        first = measure(command, env=environment).seconds
        again, least = [], []
        for _ in range(21):
            again.append(measure(command, env=environment).seconds)
            least.append(measure(refs).seconds + measure([sys.executable, "-c", ""]).seconds)
        return Row(
            "rescan with nothing new",
            "against `git for-each-ref` and Python's start",
            ratio(statistics.median(again), statistics.median(least)),
            limit=MOST_RESCAN,
            figures={"first s": first, "again s": statistics.median(again), "least s": statistics.median(least)},
        )

    def hook(self, work: Path) -> list[Row]:
        """Scan one staged file."""
        taken: defaultdict[str, list[Finished]] = defaultdict(list)
        scanners = [scanner for scanner in self.scanners if scanner.staged]
        for _ in range(5 * self.rounds):
            for scanner in scanners:
                taken[scanner.name].append(scanner.hook(work))
        ours = _median(taken["picket"])
        figures = {f"{who} ms": 1_000 * _median(each) for who, each in taken.items()}
        rows = [Row("hook, one staged file", "median", 1_000 * ours, unit="ms", limit=MOST_HOOK_MS, figures=figures)]
        return rows + [
            Row(
                f"hook, faster than {scanner.name}",
                "times",
                ratio(_median(taken[scanner.name]), ours),
                limit=1,
                at_least=True,
            )
            for scanner in scanners[1:]
        ]


def _share_found(made: Made, where: Path) -> float:
    """Return the share of planted secrets that a report holds."""
    text = where.read_text("utf-8", "replace")
    return sum(each.core in text for each in made.planted) / len(made.planted)


def _median(runs: list[Finished]) -> float:
    return statistics.median(each.seconds for each in runs)


def _seconds(taken: dict[str, list[Finished]]) -> str:
    return ", ".join(f"{who} {each[-1].seconds:.1f} s" for who, each in taken.items() if each)


def _size(made: Made) -> str:
    counted = ["git", "--git-dir", str(made.git_dir), "rev-list", "--count", "--all"]
    return f"{measure(counted, keep=True).output.strip()} commits"


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    main()
