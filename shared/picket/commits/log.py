"""Reading `git log --raw`, which tells what blobs became which without their text."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from mmap import mmap
from typing import NamedTuple

from picket.changes import Change, Commit
from picket.errors import Malformed

# Everything is separated by NUL; what begins with a colon is a raw entry, what begins with the marker a commit.
LOG_FORMAT = "%x01%H%x00%an%x00%ae%x00%aI%x00%cI%x00%B"
RAW_OPTIONS = ("--raw", "-z", "--no-abbrev", "--no-renames", "--no-relative")
LOG_OPTIONS = (*RAW_OPTIONS, "-c", "--root", f"--format=tformat:{LOG_FORMAT}")
"""`-c` keeps what a merge itself introduced, which `log -p` hides; `--root` shows first commits whole."""

Log = bytes | mmap
"""What git wrote, in memory or mapped from a file."""

_SUBMODULE = b"160000"
_MODE = 7  # six digits and a space
# A record is taken whole, an entry with its path: a path may hold anything but NUL, so only its place tells what it is.
# A message ends with NUL as well; git puts a newline, and before a merge's entries an empty field, behind it.
_RECORD = re.compile(
    rb"\0?\n?(?:\x01([0-9a-f]{40}|[0-9a-f]{64})\0([^\0]*)\0([^\0]*)\0([^\0]*)\0([^\0]*)\0([^\0]*)\0"
    rb"|(:+)([0-7][0-9a-f ]* ([0-9a-f]+) [A-Z]+)\0([^\0]*)\0)"
)


def parse_log(output: Log, only: Collection[str] | None = None) -> Iterator[tuple[Commit, tuple[Change, ...]]]:
    """Read the output of `git log` with `LOG_OPTIONS`.

    Args:
        output: Raw bytes; paths and names may be in any encoding.
        only: Blobs of interest; commits that put none of them anywhere are left out.

    Yields:
        Each commit with the blobs it puts somewhere; deletions and submodules are left out.

    Raises:
        Malformed: The output is not in that form.
    """
    header: re.Match[bytes] | None = None
    found: list[tuple[re.Match[bytes], str]] = []
    for record in _records(output):
        if record[1]:
            yield from _whole(header, found, only)
            header, found = record, []
        elif header is None:
            raise Malformed("git log gave an entry before any commit")
        elif (new := new_blob(record)) and (only is None or new in only):
            found.append((record, new))
    yield from _whole(header, found, only)


def parse_entries(output: Log, commit: Commit) -> tuple[Change, ...]:
    """Read the output of a `git diff-…` with `RAW_OPTIONS`, as what *commit* changes.

    Raises:
        Malformed: The output is not in that form.
    """
    return tuple(_change(commit, record, new) for record in _records(output) if (new := new_blob(record)))


class Survey(NamedTuple):
    """What a log or diff tells of: paths by blob in order of appearance, commits, and submodules.

    Paths are shared: a history's thousand versions of a file cost one tuple. Of a submodule's path there is the commit
    that the log names first, empty for a diff.
    """

    paths: dict[str, tuple[bytes, ...]]
    commits: int
    submodules: dict[bytes, str]


def survey(output: Log) -> Survey:
    """Collect the blobs and submodules that a log or diff puts somewhere, and count its commits.

    Raises:
        Malformed: The output is not in that form.
    """
    paths: dict[str, tuple[bytes, ...]] = {}
    several: dict[str, dict[bytes, None]] = {}  # an empty file may stand at thousands of paths
    alone: dict[bytes, tuple[bytes, ...]] = {}
    submodules: dict[bytes, str] = {}
    commits, sha = 0, b""
    for record in _records(output):
        if record[1]:
            commits, sha = commits + 1, record[1]
            continue
        new = new_blob(record)
        if not new:
            if is_submodule(record):
                submodules.setdefault(record[10], sha.decode())
            continue
        path = record[10]
        known = paths.get(new)
        if known is None:
            paths[new] = alone.setdefault(path, (path,))
        elif path != known[0]:
            several.setdefault(new, dict.fromkeys(known))[path] = None
    return Survey(paths | {blob: tuple(names) for blob, names in several.items()}, commits, submodules)


def messages(output: Log) -> Iterator[tuple[re.Match[bytes], bytes]]:
    """Give each commit's header, for `commit_of`, and its message.

    Raises:
        Malformed: The output is not in that form.
    """
    return ((record, record[6]) for record in _records(output) if record[1] and record[6].strip())


def commit_of(header: re.Match[bytes]) -> Commit:
    """Return the commit that a header of the log describes."""
    author, email, date, committed, message = (_text(header[group]) for group in range(2, 7))
    return Commit(header[1].decode(), author, email, date, committed, message)


def new_blob(record: re.Match[bytes]) -> str:
    """Return what an entry puts at its path; empty for a deletion or a submodule."""
    new = record[9]
    return new.decode("ascii", "replace") if new.strip(b"0") and not is_submodule(record) else ""


def is_submodule(record: re.Match[bytes]) -> bool:
    """Return whether an entry puts a submodule at its path."""
    parents = record.end(7) - record.start(7)
    return record[8].startswith(_SUBMODULE, parents * _MODE)


def _records(output: Log) -> Iterator[re.Match[bytes]]:
    """Yield commits' headers and entries, each right after the last: nothing in between is skipped."""
    at = 0
    for record in _RECORD.finditer(output):
        if record.start() != at:
            break
        at = record.end()
        yield record
    if output[at:].strip(b"\0\n"):
        raise Malformed("git log gave an unexpected record")


def _whole(
    header: re.Match[bytes] | None, found: list[tuple[re.Match[bytes], str]], only: Collection[str] | None
) -> Iterator[tuple[Commit, tuple[Change, ...]]]:
    if header is None or (only is not None and not found):
        return
    commit = commit_of(header)
    yield commit, tuple(_change(commit, record, new) for record, new in found)


def _change(commit: Commit, record: re.Match[bytes], new: str) -> Change:
    """Read `:oldmode… newmode oldsha… newsha status`; a merge has one colon and one old side for each parent."""
    parents = record.end(7) - record.start(7)
    parts = record[8].split(b" ")
    if len(parts) != 2 * parents + 3:
        raise Malformed("git log gave an unexpected entry")
    modes, ids = parts[:parents], parts[parents + 1 : 2 * parents + 1]
    olds = {old.decode(): None for mode, old in zip(modes, ids, strict=True) if mode != _SUBMODULE and old.strip(b"0")}
    return Change(commit, _text(record[10]), new, tuple(olds))


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", errors="replace")
