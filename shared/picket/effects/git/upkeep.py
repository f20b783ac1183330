"""What mirrors take on this machine's disk: repacking them, and removing those that can be fetched again.

Git's own maintenance runs beside fetches. It collects loose objects and small packs and drops nothing: a commit that no
ref leads to any more stays readable for as long as its mirror is there.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from picket.effects.git.command import run
from picket.settings import settings

_TASKS = ("loose-objects", "incremental-repack", "commit-graph", "pack-refs")
_MOST_SECONDS = 300.0
MOST_PACKS = 20
_LOOSE_FOLDERS = 16
"""Of the 256 folders of loose objects: in so many of them, every sixteenth has some, and there are dozens at least."""
_CLAIMED = "looked-after"
_LEFT_FREE = 0.05
"""Part of the disk that mirrors leave free."""
USED = "picket-used"
"""File in a mirror whose time says when a worker last read or fetched it."""


@dataclass(frozen=True, slots=True)
class Mirror:
    """A mirror on this machine: its folder, when it was last used (seconds since 1970) and its size in bytes."""

    git_dir: Path
    used: float
    size: int


def note_use(git_dir: Path) -> None:
    """Note that a mirror is in use now."""
    if git_dir.exists():
        _date(git_dir / USED)


def folder() -> Path:
    """Return where this machine's mirrors are."""
    return settings().data_dir.absolute() / "mirrors"


def claim(seconds: float) -> bool:
    """Take the turn to look after this machine's mirrors; False if a worker took it within so many *seconds*."""
    if not folder().exists():
        return False
    marker = folder() / _CLAIMED
    with _locked(marker.with_suffix(".lock")) as is_locked:
        if not is_locked or (marker.exists() and marker.stat().st_mtime > time.time() - seconds):
            return False
        _date(marker)
        return True


def ask_soon() -> None:
    """Let the next tick look after the mirrors: the disk took no more."""
    (folder() / _CLAIMED).unlink(missing_ok=True)


def drop_leftovers(seconds: float) -> None:
    """Remove what killed workers left: mirrors half made or half removed, older than so many *seconds*."""
    for left in (*folder().glob("new-*"), *folder().glob("gone-*")):
        if left.stat().st_mtime < time.time() - seconds:
            shutil.rmtree(left, ignore_errors=True)


def mirrors() -> list[Mirror]:
    """Return the mirrors of this machine, those unused for the longest first."""
    found = [_measured(path) for path in folder().glob("*.git")]
    return sorted((one for one in found if one is not None), key=lambda one: one.used)


def room_wanted(kept: list[Mirror]) -> int:
    """Return how many bytes must go: what is above `PICKET_MIRRORS_MAX_BYTES`, or what the disk lacks."""
    limit = settings().mirrors_max_bytes
    if limit:
        return sum(one.size for one in kept) - limit
    disk = shutil.disk_usage(folder())
    return int(disk.total * _LEFT_FREE) - disk.free


def needs_repacking(git_dir: Path) -> bool:
    """Return whether a mirror has many packs or loose objects."""
    objects = git_dir / "objects"
    packs = sum(1 for _ in (objects / "pack").glob("*.pack"))
    return packs > MOST_PACKS or sum(1 for _ in objects.glob("[0-9a-f][0-9a-f]")) > _LOOSE_FOLDERS


def repack(git_dir: Path) -> None:
    """Let git pack what is loose in a mirror, and small packs together, unless another worker is at it.

    Raises:
        GitFailed: Git could not, or took too long; the mirror stays as it was.
    """
    with holding(git_dir) as is_held:
        if is_held and git_dir.exists():
            tasks = [f"--task={task}" for task in _TASKS]
            run(git_dir, "maintenance", "run", "--quiet", *tasks, seconds=_MOST_SECONDS)


def remove(one: Mirror) -> bool:
    """Remove a mirror unless a worker fetches, repacks or has used it since it was measured; return whether it went."""
    with holding(one.git_dir) as is_held, _locked(one.git_dir.with_suffix(".lock")) as is_locked:
        now = _measured(one.git_dir) if is_held and is_locked else None
        if now is None or now.used > one.used:
            return False
        # Out of its place at once: a reader then finds no mirror, rather than one with files missing.
        away = one.git_dir.with_name(f"gone-{os.getpid()}-{one.git_dir.name}")
        one.git_dir.rename(away)
        shutil.rmtree(away, ignore_errors=True)
        return True


@contextmanager
def holding(git_dir: Path) -> Iterator[bool]:
    """Keep others from repacking a mirror, and fetches from taking git's temporary files for leftovers.

    Yields:
        Whether it is held; False if others hold it.
    """
    with _locked(git_dir.with_suffix(".upkeep")) as is_held:
        yield is_held


def _date(marker: Path) -> None:
    marker.touch()
    os.utime(marker, (time.time(), time.time()))  # this process's clock, by which it is compared


@contextmanager
def _locked(path: Path) -> Iterator[bool]:
    with path.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def _measured(git_dir: Path) -> Mirror | None:
    """Return a mirror as it is now; None if it is gone."""
    marker = git_dir / USED
    try:
        used = (marker if marker.exists() else git_dir).stat().st_mtime
    except FileNotFoundError:
        return None
    return Mirror(git_dir, used, _bytes_of(git_dir))


def _bytes_of(git_dir: Path) -> int:
    size = 0
    for where, _, names in os.walk(git_dir):
        for name in names:
            try:
                size += (Path(where) / name).lstat().st_blocks * 512
            except FileNotFoundError:
                continue  # git has just renamed or removed it
    return size
