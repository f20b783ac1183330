"""Blob contents through one long-lived `git cat-file`, never through diffs."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Container, Iterable, Iterator
from contextlib import contextmanager, suppress
from enum import Enum
from itertools import islice
from pathlib import Path
from typing import IO, cast

from picket.effects.git.command import run
from picket.effects.git.hardening import child_environment, options
from picket.errors import TransientError

_DRAIN = 1 << 20
_BUFFER = 1 << 18
_AT_ONCE = 500  # ids, of 65 bytes at most: they fit into a pipe before it is read
_PIPE = 1 << 20  # bytes; the kernel's own 64 KiB make git and the scanner wait for each other


class Absent(Enum):
    """Why there is no content."""

    TOO_LARGE = "larger than the limit"
    MISSING = "not in this repository, which is a partial clone or damaged"


Content = bytes | Absent


Read = Callable[[Iterable[str]], Iterator[tuple[str, Content]]]
"""Gives blobs by id, in the order asked for: content, or why it is missing."""


@contextmanager
def reader(git_dir: Path, max_bytes: int, *, whole: bool = True, too_large: Container[str] = ()) -> Iterator[Read]:
    """Give a function that reads blobs; one call must be read to its end before the next.

    Git keeps what it has unpacked lately, so blobs that are deltas of each other should be asked for one after another:
    by path, newest first, they cost it half of what they cost as they lie in the pack, and no more in a repository
    that is far larger than git's memory for this.

    Args:
        git_dir: A git directory.
        max_bytes: Larger blobs are not kept.
        whole: A blob that is missing is an error.
        too_large: Blobs that are left out because they are larger than somebody admits.

    Raises:
        TransientError: A blob is missing or git ended early.
    """
    there = None if whole or not _is_partial(git_dir) else _all_ids(git_dir)

    def reason(oid: str) -> Absent | None:
        """Return why a blob cannot be asked for; None if it can."""
        if oid in too_large:
            return Absent.TOO_LARGE
        return Absent.MISSING if there is not None and oid not in there else None

    with _cat_file(git_dir) as (stdin, stdout):

        def read(oids: Iterable[str]) -> Iterator[tuple[str, Content]]:
            waiting = iter(oids)
            while some := list(islice(waiting, _AT_ONCE)):
                absent = {oid: why for oid in some if (why := reason(oid))} if there is not None or too_large else {}
                stdin.write("".join(f"{oid}\n" for oid in some if oid not in absent).encode())
                stdin.flush()
                for oid in some:
                    yield oid, absent.get(oid) or _read_one(stdout, oid, max_bytes, whole=whole)

        yield read


def _is_partial(git_dir: Path) -> bool:
    """Return whether objects may be missing by intention; git ends when asked for one of those and may not fetch it."""
    return any(common_dir(git_dir).glob("objects/pack/*.promisor"))


def common_dir(git_dir: Path) -> Path:
    """Return the directory that a linked work tree's one shares with the others. Source: gitrepository-layout(5)."""
    path = git_dir / "commondir"
    return (git_dir / path.read_text().strip()).resolve() if path.exists() else git_dir


def _all_ids(git_dir: Path) -> frozenset[str]:
    listing = ("cat-file", "--batch-all-objects", "--unordered", "--batch-check=%(objectname)")
    return frozenset(run(git_dir, *listing).decode().split())


@contextmanager
def _cat_file(git_dir: Path) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    process = subprocess.Popen(
        ["git", "--git-dir", str(git_dir), *options(), "cat-file", "--batch"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        bufsize=_BUFFER,
        pipesize=_PIPE,
        env=child_environment(),
    )
    stdin, stdout = cast("IO[bytes]", process.stdin), cast("IO[bytes]", process.stdout)
    try:
        yield stdin, stdout
    finally:
        process.kill()
        process.wait()
        stdout.close()
        with suppress(BrokenPipeError):  # what was not sent yet is for a process that is gone
            stdin.close()


def _read_one(stdout: IO[bytes], oid: str, max_bytes: int, *, whole: bool) -> Content:
    header = stdout.readline().split()
    if len(header) != 3:  # noqa: PLR2004 - id, type, size
        if header[1:] == [b"missing"] and not whole:
            return Absent.MISSING
        raise TransientError(f"object {oid} cannot be read")
    size = int(header[2])
    if size > max_bytes:
        _drain(stdout, size + 1)
        return Absent.TOO_LARGE
    content = stdout.read(size)
    if len(content) != size or stdout.read(1) != b"\n":
        raise TransientError(f"object {oid} ended early")
    return content


def _drain(stdout: IO[bytes], size: int) -> None:
    while size > 0:
        size -= len(stdout.read(min(size, _DRAIN))) or size
