"""Reading `git log --raw`, which tells what blobs became which without their text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from picket.changes import Change, Commit
from picket.errors import Malformed

# Everything is separated by NUL; what begins with a colon is a raw entry, what begins with the marker a commit.
MARKER = b"\x01"
LOG_FORMAT = "%x01%H%x00%an%x00%ae%x00%aI%x00%cI"
LOG_OPTIONS = ("--raw", "-c", "-z", "--no-abbrev", "--root", "--no-renames", f"--format=tformat:{LOG_FORMAT}")
"""`-c` keeps what a merge itself introduced, which `log -p` hides; `--root` shows first commits whole."""

_SUBMODULE = b"160000"
_SHA = re.compile(rb"[0-9a-f]{40}|[0-9a-f]{64}")


def parse_log(output: bytes) -> Iterator[tuple[Commit, tuple[Change, ...]]]:
    """Read the output of `git log` with `LOG_OPTIONS`.

    Args:
        output: Raw bytes; paths and names may be in any encoding.

    Yields:
        Each commit with the blobs it puts somewhere; deletions and submodules are left out.

    Raises:
        Malformed: The output is not in that form.
    """
    fields = iter(output.split(b"\0"))
    header = next(fields, b"")
    while header.strip(b"\n"):
        commit = _commit(header, fields)
        changes: list[Change] = []
        header = b""
        # Entry and path are taken together: a path may hold anything but NUL, so only its place tells what it is.
        for field in fields:
            raw = field.lstrip(b"\n")
            if raw.startswith(MARKER):
                header = raw
                break
            if raw:  # git puts an empty field before a merge's entries
                changes += _change(commit, raw, _next(fields))
        yield commit, tuple(changes)


def _commit(header: bytes, fields: Iterator[bytes]) -> Commit:
    sha = header.strip(b"\n").removeprefix(MARKER)
    if not header.strip(b"\n").startswith(MARKER) or not _SHA.fullmatch(sha):
        raise Malformed("git log gave an unexpected record")
    author, email, date, committed = (_text(_next(fields)).strip("\n") for _ in range(4))
    return Commit(sha.decode(), author, email, date, committed)


def _next(fields: Iterator[bytes]) -> bytes:
    found = next(fields, None)
    if found is None:
        raise Malformed("git log ended within a record")
    return found


def _change(commit: Commit, entry: bytes, path: bytes) -> list[Change]:
    """Read `:oldmode… newmode oldsha… newsha status`; a merge has one colon and one old side for each parent."""
    parents = len(entry) - len(entry.lstrip(b":"))
    parts = entry.lstrip(b":").split(b" ")
    if not parents or len(parts) != 2 * parents + 3:
        raise Malformed("git log gave an unexpected entry")
    modes, ids = parts[: parents + 1], [part.decode() for part in parts[parents + 1 : 2 * parents + 2]]
    new = ids[-1]
    if set(new) == {"0"} or modes[-1] == _SUBMODULE:
        return []
    olds = {old: None for mode, old in zip(modes, ids[:-1], strict=False) if mode != _SUBMODULE and set(old) != {"0"}}
    return [Change(commit, _text(path), new, tuple(olds))]


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", errors="replace")
