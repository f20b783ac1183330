"""What `--unreachable` adds to a scan of all history: commits, tags and blobs that no ref leads to."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from picket.commits.log import LOG_OPTIONS, Log
from picket.detection.report import Occurrence
from picket.effects.git import unreachable
from picket.effects.git.command import GitFailed, run
from picket.records import dataclass
from picket.scanning.revisions import Revisions, mapped, write_log
from picket.scanning.work import Problem

_MOST_UNREAD = 50
"""Commits that git is asked for one by one when it cannot tell of all."""
UNREAD = "no ref leads to this commit, and git cannot tell what it changed: objects that it needs are not here"
DAMAGED = "no ref leads to this object, and git cannot read it"


@dataclass(frozen=True, slots=True)
class Beyond:
    """What no ref leads to: ids of commits, tags and blobs, and what of it cannot be looked at.

    Some of the blobs are of those commits; the others no commit holds.
    """

    commits: frozenset[str] = frozenset()
    tags: tuple[str, ...] = ()
    blobs: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()

    def has(self, each: Occurrence) -> bool:
        """Return whether an occurrence is in what no ref leads to."""
        return not each.commit.sha or each.commit.sha in self.commits or each.commit.sha in self.tags


NOTHING = Beyond()


@contextmanager
def log_and_beyond(git_dir: Path, revisions: Revisions) -> Iterator[tuple[Log, Beyond]]:
    """Give the log of *revisions* with that of the commits that no ref leads to behind it, and these.

    What refs lead to is asked once the log is written: a commit that loses its ref meanwhile is in it or found here.

    Raises:
        GitFailed: Git could not tell of the commits that refs lead to.
    """
    with tempfile.TemporaryFile(prefix="picket-log-") as file:
        write_log(git_dir, revisions, file)
        found = unreachable.find(git_dir)
        unread: list[str] = []
        _append_log(git_dir, found.commits, file, unread)
        problems = [Problem("", UNREAD, sha) for sha in unread] + [Problem("", DAMAGED, oid) for oid in found.damaged]
        with mapped(file) as log:
            yield log, Beyond(frozenset(found.commits), found.tags, found.blobs, tuple(problems))


def _append_log(git_dir: Path, shas: Sequence[str], file: IO[bytes], unread: list[str]) -> None:
    """Append the log of commits; where git fails, of one half and then the other. Add to *unread* what is left."""
    if not shas:
        return
    before = file.seek(0, 2)
    try:
        listed = "\n".join([*shas, ""]).encode()
        run(git_dir, "log", *LOG_OPTIONS, "--no-walk=unsorted", "--stdin", "--", stdin=listed, stdout=file)
    except GitFailed:
        file.truncate(before)
        if len(shas) == 1 or len(unread) >= _MOST_UNREAD:
            unread.extend(shas)
            return
        for half in (shas[: len(shas) // 2], shas[len(shas) // 2 :]):
            _append_log(git_dir, half, file, unread)
