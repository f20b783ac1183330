"""Scans a whole repository as the functions do, without broker and store: `python -m tests.benchmarks.engine REPO`.

The batches are cut by enumerate's own code and scanned by scan's, in two processes. `PICKET_DATA_DIR` is where the
rules are cached; the repository stands there as the mirror of itself. Prints a JSON object of what it went through.
"""

from __future__ import annotations

import importlib.util
import json
import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from types import ModuleType

from tests.benchmarks.processes import PROJECT

from picket.effects.git import history, mirror

WORKERS = 2


def load(function: str) -> ModuleType:
    """Load a function's `main.py`."""
    spec = importlib.util.spec_from_file_location(f"{function}_main", PROJECT / "functions" / function / "main.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SCAN = load("scan")


def scan(repository: str, commits: tuple[str, ...]) -> tuple[int, int, int]:
    """Scan one batch; blobs, bytes and occurrences."""
    report = SCAN.detect_in({"repository": repository, "commits": commits}, "")
    return report.blobs, report.size, len(report.occurrences)


def main(repository: str) -> dict[str, int]:
    """Scan *repository*, a git directory."""
    git_dir = mirror.path_of(repository)
    git_dir.parent.mkdir(parents=True, exist_ok=True)
    if not git_dir.exists():
        git_dir.symlink_to(Path(repository).resolve())
    commits = history.commits(git_dir, history.tips(git_dir))
    plans = load("enumerate").plan_batches(git_dir, commits)
    with ProcessPoolExecutor(WORKERS, mp_context=multiprocessing.get_context("fork")) as pool:
        found = list(pool.map(scan, [repository] * len(plans), [plan.commits for plan in plans]))
    blobs, size, occurrences = (sum(column) for column in zip(*found, strict=True))
    return {
        "commits": len(commits),
        "batches": len(plans),
        "blobs": blobs,
        "bytes": size,
        "occurrences": occurrences,
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(sys.argv[1])))
