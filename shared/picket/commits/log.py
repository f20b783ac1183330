"""Reading `git log --raw`, which tells what blobs became which without their text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from picket.changes import Change, Commit
from picket.errors import Malformed

# Fields are separated by NUL as everything under -z is; the marker cannot begin a raw entry, which begins with a colon.
LOG_FORMAT = "%x01%H%x00%an%x00%ae%x00%aI%x00%cI"
LOG_OPTIONS = ("--raw", "-c", "-z", "--no-abbrev", "--root", "--no-renames", f"--format=tformat:{LOG_FORMAT}")
"""`-c` keeps what a merge itself introduced, which `log -p` hides; `--root` shows first commits whole."""

_SUBMODULE = b"160000"
_FIELDS = 5


def parse_log(output: bytes) -> Iterator[tuple[Commit, tuple[Change, ...]]]:
    """Read the output of `git log` with `LOG_OPTIONS`.

    Args:
        output: Raw bytes; paths and names may be in any encoding.

    Yields:
        Each commit with the blobs it puts somewhere; deletions and submodules are left out.

    Raises:
        Malformed: The output is not in that form.
    """
    # tformat under -z ends a commit's header with NUL, and a newline or NUL may stand before the raw entries.
    for record in output.split(b"\x01")[1:]:
        fields = record.split(b"\0")
        if len(fields) < _FIELDS:
            raise Malformed("git log gave an unexpected record")
        sha, author, email, date, committed = (_text(field).strip("\n") for field in fields[:_FIELDS])
        commit = Commit(sha, author, email, date, committed)
        yield commit, tuple(_changes(commit, fields[_FIELDS:]))


def _changes(commit: Commit, fields: Iterable[bytes]) -> Iterator[Change]:
    entries = iter(fields)
    for raw in entries:
        entry = raw.lstrip(b"\n")
        if not entry.startswith(b":"):
            continue
        path = next(entries, None)
        if path is None:
            raise Malformed("git log ended within an entry")
        change = _change(commit, entry, path)
        if change is not None:
            yield change


def _change(commit: Commit, entry: bytes, path: bytes) -> Change | None:
    """Read `:oldmode… newmode oldsha… newsha status`; a merge has one colon and one old side for each parent."""
    parents = len(entry) - len(entry.lstrip(b":"))
    parts = entry.lstrip(b":").split(b" ")
    modes, ids = parts[: parents + 1], [part.decode() for part in parts[parents + 1 : 2 * parents + 2]]
    new = ids[-1]
    if set(new) == {"0"} or modes[-1] == _SUBMODULE:
        return None
    olds = {old: None for mode, old in zip(modes, ids[:-1], strict=False) if mode != _SUBMODULE and set(old) != {"0"}}
    return Change(commit, _text(path), new, tuple(olds))


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", errors="replace")
