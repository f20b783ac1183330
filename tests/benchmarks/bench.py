"""What the row groups share: how much to do, where, and the measurements that several of them need."""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.database import Database
from tests.benchmarks import material
from tests.benchmarks.processes import Finished, clean_environment, measure


@contextmanager
def store(folder: Path) -> Iterator[Database[dict[str, Any]]]:
    """Connect to the store of the stack that runs on *folder*."""
    uri = json.loads((folder / "run" / "stack.json").read_text())["mongodb_uri"]
    with MongoClient[dict[str, Any]](uri) as client:
        yield client["picket"]


@dataclass(frozen=True, slots=True)
class History:
    """Medians of a whole history's scan and of `git log -p` on it, in seconds; the scan's peak memory in MB."""

    engine: float
    git: float
    peak_mb: float
    counts: dict[str, int]


class Bench:
    """One run: *scratch* is an empty folder of its own; *quick* does everything a few times only."""

    def __init__(self, scratch: Path, *, quick: bool) -> None:
        self.scratch = scratch
        self.quick = quick

    def times(self, usual: int, quick: int) -> int:
        """Choose how often something is done."""
        return quick if self.quick else usual

    def scan(self, repository: Path) -> tuple[Finished, dict[str, int]]:
        """Scan a whole repository with the engine, in a process of its own."""
        env = clean_environment(PICKET_DATA_DIR=str(self.scratch / "engine"), PICKET_ALLOW_LOCAL_REPOSITORIES="true")
        done = measure([sys.executable, "-m", "tests.benchmarks.engine", str(repository)], env=env, keep=True)
        return done, json.loads(done.output)

    @cached_property
    def repository(self) -> Path:
        """The repository with the releases, bare."""
        return material.history(quick=self.quick)

    @cached_property
    def compiling(self) -> float:
        """Seconds of the first scan, that compiles the rules; call it before any other is measured."""
        return self.scan(material.nothing())[0].seconds

    @cached_property
    def starting(self) -> float:
        """Seconds of a scan of next to nothing, with the rules compiled."""
        assert self.compiling
        return statistics.median(self.scan(material.nothing())[0].seconds for _ in range(self.times(3, 1)))

    @cached_property
    def history(self) -> History:
        """The engine and `git log -p` on the same repository, by turns."""
        assert self.compiling
        git = ["git", "--no-pager", "--git-dir", str(self.repository), "log", "-p", "-U0", "--all"]
        ours, theirs = [], []
        counts: dict[str, int] = {}
        for _ in range(self.times(3, 1)):
            theirs.append(measure(git).seconds)
            done, counts = self.scan(self.repository)
            ours.append(done)
        return History(
            engine=statistics.median(done.seconds for done in ours),
            git=statistics.median(theirs),
            peak_mb=max(done.peak_mb for done in ours),
            counts=counts,
        )
