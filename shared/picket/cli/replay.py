"""Saying again what `picket scan` said, when nothing has changed since that it depends on.

A scan with nothing new to look at still has to load rules and modules, which takes five times as long as asking git
whether anything is new. So its words are kept with what they depend on: the command, every ref, and the files of rules,
of the package, and of what is accepted. This module imports as little as it can.
"""

from __future__ import annotations

import json
import os
import sys
import time
import zlib
from collections.abc import Sequence
from subprocess import CalledProcessError

from picket.scanning.environment import cache_home, hash_key_file, hash_key_mark
from picket.scanning.heads import refs_of

TYPE_CHECKING = False  # as in scanning/environment.py
if TYPE_CHECKING:
    from picket.scanning.result import RestsOn

VERSION = 2
SECONDS = "\0seconds\0"
"""Stands in the kept words for how long it took."""

_PACKAGE = os.path.dirname(os.path.dirname(__file__))
_PARTS = ("cli", "commits", "detection", "detection/rules", "effects/git", "scanning", "scanning/formats")
_KEPT = 64
_CLOCK_STEP = 0.05  # seconds: the times of files are those of the kernel's last tick


def replay(arguments: Sequence[str]) -> int | None:
    """Say again what the same command said.

    Args:
        arguments: The command's own.

    Returns:
        Its exit status; None when it was not asked before or something has changed.
    """
    began = time.monotonic()
    try:
        with open(_path(arguments), encoding="utf-8") as file:
            kept = json.load(file)
        if kept["asked"] != _asked(arguments) or any(stamp != _stamp(path) for path, stamp in kept["files"].items()):
            return None
        if kept["refs"] != refs_of(kept["git_dir"]):
            return None
        out, err, status = str(kept["out"]), str(kept["err"]), int(kept["status"])
    except (OSError, CalledProcessError, ValueError, KeyError, TypeError, AttributeError):
        return None  # nothing kept, or it cannot be trusted: the scan will say what is the matter, if anything is
    try:
        tell(out)
    except Unread:
        return 2
    sys.stderr.write(err.replace(SECONDS, f"{time.monotonic() - began:.2f}"))
    return status


class Unread(Exception):
    """Who reads standard output stopped before its end."""


def tell(text: str) -> None:
    """Write *text* to standard output, what its encoding lacks as escapes.

    Raises:
        Unread: Its output was not read to the end, so findings are missing from it.
    """
    if sys.stdout is None:  # it was closed before this program began
        raise Unread
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python tries once more when it ends
        raise Unread from None


def keep(arguments: Sequence[str], rests_on: RestsOn, began: float, *, out: str, err: str, status: int) -> None:
    """Keep what a command said; where that cannot be done it will be worked out again.

    Args:
        arguments: The command's own.
        rests_on: What it depends on, as it was before anything was looked at.
        began: When that was, in seconds since the epoch; a file that was changed since may have been read before.
        out: What it wrote to standard output.
        err: What it wrote to standard error, with `SECONDS` for the time it took.
        status: Its exit status.
    """
    from pathlib import Path  # noqa: PLC0415 - see above

    from picket.detection.caching import write_atomically  # noqa: PLC0415

    files = {each: _stamp(each) for each in [*_own_files(), *rests_on.files]}
    made_by_us = hash_key_file()
    latest = max(stamp[0] for name, stamp in files.items() if stamp and name != made_by_us)
    if latest >= (began - _CLOCK_STEP) * 1e9:
        return
    path = Path(_path(arguments))
    document = {
        "asked": _asked(arguments),
        "git_dir": rests_on.git_dir,
        "refs": list(rests_on.refs),
        "files": files,
        "out": out,
        "err": err,
        "status": status,
    }
    write_atomically(path, json.dumps(document).encode())
    try:
        for old in sorted(path.parent.iterdir(), key=lambda each: each.stat().st_mtime)[:-_KEPT]:
            old.unlink(missing_ok=True)
    except OSError:
        return  # the folder could not be made, of which there was a warning, or another scan tidies it up just now


def _asked(arguments: Sequence[str]) -> list[object]:
    terminals = [sys.stdout.isatty(), sys.stderr.isatty()]
    return [VERSION, list(arguments), os.getcwd(), terminals, sys.version, hash_key_mark()]


def _path(arguments: Sequence[str]) -> str:
    name = f"{zlib.crc32(repr(_asked(arguments)).encode()):08x}.json"
    return os.path.join(cache_home(), "replays", name)


def _own_files() -> list[str]:
    """List the package's files and, so that a new one is noticed, its folders."""
    folders = [f"{_PACKAGE}/{part}" for part in _PARTS]
    return [*folders, *(entry.path for folder in folders for entry in os.scandir(folder) if entry.is_file())]


def _stamp(path: str) -> list[int] | None:
    """Return modification time in nanoseconds and size; None for a file that is not there."""
    try:
        status = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return [status.st_mtime_ns, status.st_size]
