"""`make bench-calibration`: of findings of some confidence, how many are right.

`labels.csv` has findings of public histories that were read in their places and judged by hand: a salted hash of the
secret, the verdict, the rule, the confidence when it was judged, and when it was measured last. With bare clones in
the folder `BENCH_REPOSITORIES` what the present engine finds in them is looked up by the same hash; without, the
confidences kept are used. Examples and near misses of every rule, made at run time, are counted apart. Printed is a
table; `tests/calibration.svg` shows it.
"""

from __future__ import annotations

import argparse
import csv
import hmac
import math
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from tests.benchmarks.distinct import search
from tests.benchmarks.made_findings import made
from tests.benchmarks.real import folder_of
from tests.benchmarks.reliability import Point, drawing

from picket.detection import Engine, default_ruleset

LABELS = Path(__file__).parent / "labels.csv"
PICTURE = Path(__file__).parents[1] / "calibration.svg"
BANDS = ((0.5, 0.6), (0.6, 0.7), (0.7, 0.8), (0.8, 0.9), (0.9, 1.0))
BUDGETS = {(0.8, 1.0): 0.95, (0.5, 0.8): 0.75}
"""Shares that have to be right at least."""
Z = 1.96
"""Standard deviations that 95 % of a normal distribution lie within."""
_SALT = "# salt: "
_HEX_DIGITS = 32  # of the HMAC-SHA-256 that are kept


@dataclass(frozen=True, slots=True)
class Label:
    """A finding that somebody judged. `now` is its confidence when last measured; 0 where it is found no more."""

    value: str
    right: bool
    rule: str
    then: float
    now: float


class Judged(NamedTuple):
    """A confidence, and whether the finding that had it was right."""

    confidence: float
    right: bool


@dataclass(frozen=True, slots=True)
class Share:
    """How many of some findings are right."""

    count: int
    right: int
    mean: float

    @property
    def interval(self) -> tuple[float, float]:
        """Return the 95 % interval of the share: Wilson 1927, equation 4, exact enough for few and for all right."""
        if not self.count:
            return 0.0, 1.0
        share, spread = self.right / self.count, Z * Z / self.count
        half = math.sqrt(share * (1 - share) * spread + spread * spread / 4)
        return tuple((share + spread / 2 + sign * half) / (1 + spread) for sign in (-1, 1))  # type: ignore[return-value]


def main() -> None:
    """Print the tables and draw the picture; with `--keep` write what the present engine says into the labels."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.calibration", description=__doc__)
    parser.add_argument("--keep", action="store_true", help="keep the confidences measured in labels.csv")
    asked = parser.parse_args()
    salt, labels = read(LABELS.read_text("utf-8"))
    folder = os.environ.get("BENCH_REPOSITORIES", "")
    if folder:
        labels = measured(labels, found(folder_of(folder), salt))
        if asked.keep:
            LABELS.write_text(written(salt, labels), "utf-8")
    judged = [Judged(each.now, each.right) for each in labels]
    beside = [Judged(*each) for each in made()]
    sys.stdout.write(f"before: {table([Judged(each.then, each.right) for each in labels])}\n")
    sys.stdout.write(f"now: {table(judged)}\nmade: {table(beside)}")
    PICTURE.write_text(drawing({"histories": points(judged), "made": points(beside)}), "utf-8")


def read(text: str) -> tuple[bytes, list[Label]]:
    """Read the file of labels: its salt, and what was judged."""
    first, *lines = text.splitlines()
    rows = csv.DictReader(line for line in lines if not line.startswith("#"))
    return bytes.fromhex(first.removeprefix(_SALT)), [
        Label(row["value"], row["verdict"] == "right", row["rule"], float(row["then"]), float(row["now"]))
        for row in rows
    ]


def written(salt: bytes, labels: Iterable[Label]) -> str:
    """Write the file of labels, in order of the hashes: it says nothing of where findings were."""
    lines = [f"{_SALT}{salt.hex()}", "value,verdict,rule,then,now"]
    lines += sorted(
        f"{each.value},{'right' if each.right else 'wrong'},{each.rule},{each.then:.2f},{each.now:.2f}"
        for each in labels
    )
    return "\n".join(lines) + "\n"


def hashed(salt: bytes, identity: bytes) -> str:
    """Return what stands for a secret in the file of labels."""
    return hmac.digest(salt, identity, "sha256").hex()[:_HEX_DIGITS]


def found(folder: Path, salt: bytes) -> dict[str, float]:
    """Scan the histories and give the highest confidence in each secret, by its hash."""
    engine, best = Engine(default_ruleset()), dict[str, float]()
    for repository in sorted(folder.glob("*.git")):
        for identity, (hit, _) in search(repository.resolve(), engine).hits.items():
            value = hashed(salt, identity)
            best[value] = max(best.get(value, 0.0), hit.confidence)
    return best


def measured(labels: Iterable[Label], best: Mapping[str, float]) -> list[Label]:
    """Put the confidences found into the labels."""
    return [replace(each, now=best.get(each.value, 0.0)) for each in labels]


def share(judged: Iterable[Judged], low: float, high: float) -> Share:
    """Count those whose confidence is at least *low* and under *high*; the highest band includes 1."""
    inside = [each for each in judged if low <= each.confidence < high or each.confidence == high == 1]
    mean = sum(each.confidence for each in inside) / len(inside) if inside else (low + high) / 2
    return Share(len(inside), sum(each.right for each in inside), mean)


def table(judged: Sequence[Judged]) -> str:
    """Say of each band how many are right, with the interval; of the bands that have a budget whether it is kept."""
    return f"{sum(each.confidence >= BANDS[0][0] for each in judged)} findings\n" + "\n".join(_rows(judged)) + "\n"


def _rows(judged: Sequence[Judged]) -> Iterator[str]:
    for low, high in (*BANDS, *BUDGETS):
        part = share(judged, low, high)
        if not part.count:
            yield f"{low:.1f}-{high:.1f}: none"
            continue
        ratio, budget = part.right / part.count, BUDGETS.get((low, high))
        least, most = part.interval
        kept = "" if budget is None else f", budget {budget:.0%}: {'met' if ratio >= budget else 'missed'}"
        yield (
            f"{low:.1f}-{high:.1f}: {part.right} of {part.count} right, {ratio:.1%} ({least:.1%} to {most:.1%}){kept}"
        )


def points(judged: Sequence[Judged]) -> list[Point]:
    """Give what the picture shows of each band that has findings."""
    parts = [share(judged, low, high) for low, high in BANDS]
    return [Point(part.mean, part.right / part.count, *part.interval, part.count) for part in parts if part.count]


if __name__ == "__main__":
    main()
