"""`make bench-scan` on histories that nobody made for it: every bare clone in the folder `BENCH_REPOSITORIES`.

Those in its folder `held` are for looking at once a change is done, and shown apart. A clone must be whole: `git fsck
--connectivity-only` says so.
"""

from __future__ import annotations

import shutil
import statistics
import sys
import sysconfig
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.peers import Scanner, picket
from tests.benchmarks.processes import PROJECT, ChildFailed, Finished, measure
from tests.benchmarks.row import Row, ratio

HELD = "held"
LONG = 2.0
"""Seconds that `git log -p` takes at least where budgets hold for the mean."""
MOST_OF_GIT = 0.5
MOST_PEAK_MB = 300.0
SLOW = 10.0
"""Times as long as this scanner's that a scanner takes for which one round is enough."""
FASTER_THAN = {"kingfisher": 3.0, "gitleaks": 10.0}
PLAIN = "picket without its compiled part"
_GIT = "git log -p"

Taken = dict[str, list[Finished]]


@dataclass(frozen=True, slots=True)
class Measured:
    """What scanners took for one repository, by their names."""

    name: str
    held: bool
    taken: Taken

    def seconds(self, who: str) -> float | None:
        """Return the median of a scanner's rounds; None if it did not come to an end."""
        return statistics.median(each.seconds for each in self.taken[who]) if self.taken.get(who) else None


def plain(home: Path) -> Scanner:
    """Return this scanner as it is where no C compiler was when it was installed."""
    copy = home / "plain"
    leave_out = shutil.ignore_patterns(f"*{sysconfig.get_config_var('EXT_SUFFIX')}", "__pycache__")
    shutil.copytree(PROJECT / "shared" / "picket", copy / "picket", ignore=leave_out)
    ours = picket(home)
    return Scanner(PLAIN, ours.whole, environment={**ours.environment, "PYTHONPATH": str(copy)})


def rows(
    folder: Path, scanners: Sequence[Scanner], rounds: int, scratch: Path, say: Callable[[str], object]
) -> list[Row]:
    """Scan every repository of *folder* with every scanner, in turn.

    Args:
        folder: With bare clones, and some in its folder `held`.
        scanners: The first is the one that budgets are for.
        rounds: How often.
        scratch: Where reports go.
        say: Told how it goes on.
    """
    measured = [_measured(each, scanners, rounds, scratch, say) for each in sorted(folder.glob("*.git"))]
    measured += [_measured(each, scanners, rounds, scratch, say) for each in sorted((folder / HELD).glob("*.git"))]
    return [
        *(row for each in measured for row in _of_one(each, scanners)),
        *_means("", [each for each in measured if not each.held], scanners),
        *_means(f", {HELD} back", [each for each in measured if each.held], scanners),
    ]


def _measured(
    repository: Path, scanners: Sequence[Scanner], rounds: int, scratch: Path, say: Callable[[str], object]
) -> Measured:
    place = repository.resolve()  # kingfisher looks into no link
    git = ["git", "--no-pager", "--git-dir", str(place), "log", "-p", "-U0", "--all"]
    taken: defaultdict[str, list[Finished]] = defaultdict(list)
    for number in range(rounds):
        taken[_GIT].append(measure(git, seconds=1_800))
        for scanner in scanners:
            if number and _is_slow(taken[scanner.name], taken[scanners[0].name]):
                continue
            try:
                taken[scanner.name].append(scanner.scan(place, scratch / f"{scanner.name}.report"))
            except ChildFailed as error:
                say(f"{scanner.name} on {repository.name}: {error}")
        now = ", ".join(f"{who} {each[-1].seconds:.2f} s" for who, each in taken.items() if each)
        say(f"{repository.name}, round {number + 1}: {now}")
    return Measured(repository.stem, repository.parent.name == HELD, dict(taken))


def _is_slow(theirs: Sequence[Finished], ours: Sequence[Finished]) -> bool:
    """Return whether one round of a scanner says enough: it took that many times as long, or never came to an end."""
    return not theirs or (bool(ours) and theirs[-1].seconds > SLOW * ours[-1].seconds)


def _of_one(measured: Measured, scanners: Sequence[Scanner]) -> Iterator[Row]:
    ours = measured.seconds(scanners[0].name)
    if ours is None:
        return
    figures = {f"{who} s": seconds for who in measured.taken if (seconds := measured.seconds(who)) is not None}
    figures |= {
        f"{who} CPU s": statistics.median(each.cpu for each in of_who)
        for who, of_who in measured.taken.items()
        if of_who
    }
    peer = measured.seconds("kingfisher")
    name = f"{measured.name}{', held back' if measured.held else ''}"
    if peer is not None:
        yield Row(
            f"{name}, faster than kingfisher", "times", ratio(peer, ours), limit=1, at_least=True, figures=figures
        )
    peaks = {who: max(each.together_mb for each in of_who) for who, of_who in measured.taken.items() if of_who}
    yield Row(
        f"{name}, memory",
        "all processes together, what they share counted once",
        peaks[scanners[0].name],
        unit="MB",
        limit=MOST_PEAK_MB,
        figures={f"{who} MB": peak for who, peak in peaks.items() if peak},
    )


def _means(which: str, measured: Sequence[Measured], scanners: Sequence[Scanner]) -> Iterator[Row]:
    """Give the geometric means over the repositories that take git long enough."""
    long = [each for each in measured if (each.seconds(_GIT) or 0) >= LONG]
    for scanner in [each for each in scanners if each.name in {scanners[0].name, PLAIN}]:
        for other in (_GIT, *(each.name for each in scanners if each.name in FASTER_THAN)):
            pairs = [(each.seconds(scanner.name), each.seconds(other)) for each in long]
            ratios = [ratio(theirs, ours) for ours, theirs in pairs if ours is not None and theirs is not None]
            if not ratios:
                continue
            mean = statistics.geometric_mean(ratios)
            measured_over = f"geometric mean of {len(ratios)} histories"
            if other == _GIT:
                yield Row(f"{scanner.name} against {_GIT}{which}", measured_over, 1 / mean, limit=MOST_OF_GIT)
            else:
                limit = FASTER_THAN[other]
                yield Row(
                    f"{scanner.name}, faster than {other}{which}", measured_over, mean, limit=limit, at_least=True
                )


def folder_of(name: str) -> Path:
    """Return the folder that the environment names.

    Raises:
        SystemExit: There is no such folder, or nothing in it.
    """
    folder = Path(name)
    if not any(folder.glob("*.git")):
        sys.exit(f"BENCH_REPOSITORIES: {name} has no bare clone NAME.git")
    return folder
