"""The log of a long history, written by several runs of git at a time."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import IO

from picket.commits.log import LOG_OPTIONS
from picket.effects.git.command import run
from picket.scanning.environment import usable_cores

SHARE = 2_000
"""Commits from which on another run is worth its start."""
_LARGE = 32 << 20
"""Bytes of packs in which there may be that many: to list commits first costs a shorter history more than it saves."""


def is_long(git_dir: Path) -> bool:
    """Return whether a repository's own packs are large enough for a long history."""
    packs = (git_dir / "objects" / "pack").glob("*.pack")
    return sum(pack.stat().st_size for pack in packs) >= _LARGE


def write(git_dir: Path, arguments: Sequence[str], file: IO[bytes]) -> None:
    """Write to *file* what `git log` writes of the commits that *arguments* name, in the same order.

    Raises:
        GitFailed: Git could not tell.
    """
    commits = run(git_dir, "rev-list", *arguments, "--").splitlines(keepends=True)
    share = max(SHARE, -(-len(commits) // usable_cores()))
    parts = [commits[start : start + share] for start in range(0, len(commits), share)]
    with ThreadPoolExecutor(max(1, len(parts))) as runs, ExitStack() as files:
        rest = [files.enter_context(tempfile.TemporaryFile(prefix="picket-log-")) for _ in parts[1:]]
        written = [runs.submit(_some, git_dir, part, to) for part, to in zip(parts, [file, *rest], strict=False)]
        for done in written:
            done.result()
        for part in rest:
            part.seek(0)
            shutil.copyfileobj(part, file, 1 << 20)


def _some(git_dir: Path, commits: list[bytes], file: IO[bytes]) -> None:
    """Write the log of *commits* in their order: what is written of each does not depend on the others."""
    run(git_dir, "log", *LOG_OPTIONS, "--no-walk=unsorted", "--stdin", "--", stdin=b"".join(commits), stdout=file)
