"""Blob contents through one long-lived `git cat-file`, never through diffs."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from enum import Enum
from pathlib import Path
from typing import IO, cast

from picket.effects.git.command import child_environment, options
from picket.errors import TransientError

_DRAIN = 1 << 20
_BUFFER = 1 << 18
_PIPE = 1 << 20  # bytes; the kernel's own 64 KiB make git and the scanner wait for each other


class Absent(Enum):
    """Why there is no content."""

    TOO_LARGE = "larger than the limit"
    MISSING = "not in this repository, which is a partial clone or damaged"


Content = bytes | Absent


def blobs(git_dir: Path, oids: Iterable[str], max_bytes: int, *, whole: bool = True) -> Iterator[tuple[str, Content]]:
    """Read blobs in the order asked for.

    Args:
        git_dir: A git directory.
        oids: Blob ids.
        max_bytes: Larger blobs are not kept.
        whole: A blob that is missing is an error.

    Yields:
        Each blob's id and content, or why there is none.

    Raises:
        TransientError: A blob is missing or git ended early.
    """
    wanted = list(oids)
    with _cat_file(git_dir, "--buffer") as (stdin, stdout):
        feeder = threading.Thread(target=_feed, args=(stdin, wanted), daemon=True)
        feeder.start()
        for oid in wanted:
            yield oid, _read_one(stdout, oid, max_bytes, whole=whole)
        feeder.join()


def all_ids(git_dir: Path) -> Iterator[str]:
    """Yield the ids of all objects as they lie in the packs, so that each is near what it is a delta of.

    Raises:
        TransientError: Git could not list them.
    """
    command = ["git", "--git-dir", str(git_dir), *options(), "cat-file", "--batch-all-objects", "--unordered"]
    with subprocess.Popen(
        [*command, "--batch-check=%(objectname)"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=child_environment(),
        pipesize=_PIPE,
        text=True,
    ) as process:
        for line in cast("IO[str]", process.stdout):
            yield line[:-1]
    if process.returncode != 0:
        raise TransientError("git cannot list the repository's objects")


@contextmanager
def reader(git_dir: Path, max_bytes: int, *, whole: bool = True) -> Iterator[Callable[[str], Content]]:
    """Give a function that reads single blobs on demand; arguments and results are those of `blobs`."""
    with _cat_file(git_dir) as (stdin, stdout):

        def read(oid: str) -> Content:
            stdin.write(f"{oid}\n".encode())
            stdin.flush()
            return _read_one(stdout, oid, max_bytes, whole=whole)

        yield read


@contextmanager
def _cat_file(git_dir: Path, *flags: str) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    process = subprocess.Popen(
        ["git", "--git-dir", str(git_dir), *options(), "cat-file", "--batch", *flags],
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


def _feed(stdin: IO[bytes], oids: list[str]) -> None:
    try:
        stdin.write("".join(f"{oid}\n" for oid in oids).encode())
        stdin.close()
    except (BrokenPipeError, ValueError):
        return  # git ended first: the reader sees its output end and says so


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
