"""Packs of chosen blobs: a git directory that holds what somebody needs, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from picket.effects.git.command import run

_NAME = "pack-picket"
_SHA256_DIGITS = 64
_SHA256_CONFIG = "[core]\n\trepositoryformatversion = 1\n[extensions]\n\tobjectFormat = sha256\n"
"""Without it git takes a pack's index for one of ids of 40 digits."""


def write(git_dir: Path, blobs: Iterable[str], folder: Path) -> tuple[Path, Path] | None:
    """Write a pack of *blobs* and its index into *folder*.

    What is a delta of another one that is in it stays so; none is computed, as the pack is read once or twice. The
    same blobs make the same bytes: two that write them at once do not spoil each other's pair.

    Returns:
        Pack and index; None where there are no blobs.

    Raises:
        GitFailed: A blob is not there.
    """
    asked = "".join(f"{blob}\n" for blob in sorted(blobs)).encode()
    if not asked:
        return None
    base = folder / _NAME
    options = ("--quiet", "--threads=1", "--window=0", "--delta-base-offset", "--no-write-bitmap-index")
    digest = run(git_dir, "pack-objects", *options, str(base), stdin=asked).decode().strip()
    return base.with_name(f"{_NAME}-{digest}.pack"), base.with_name(f"{_NAME}-{digest}.idx")


def directory(folder: Path, digits: int) -> Path:
    """Make a git directory in *folder* that has no objects yet; put a pack and its index into `objects/pack`.

    Args:
        folder: An empty folder.
        digits: Hex digits of an object's id, which tell the object format; 0 where there are no objects.

    Returns:
        The git directory.

    Source: gitrepository-layout(5), git-config(1) `extensions.objectFormat`.
    """
    for part in ("objects/pack", "refs"):
        (folder / part).mkdir(parents=True)
    (folder / "HEAD").write_text("ref: refs/heads/main\n")
    if digits == _SHA256_DIGITS:
        (folder / "config").write_text(_SHA256_CONFIG)
    return folder
