"""Saying again what `picket scan` said, when nothing has changed since that it depends on.

A scan with nothing new to look at still has to load rules and modules, which takes five times as long as asking git
whether anything is new. So its words are kept with what they depend on: the command, every ref, and the files of rules,
of the package, and of what is accepted. This module imports as little as it can.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import zlib
from collections.abc import Iterable, Sequence

from picket.scanning.environment import cache_home

VERSION = 1
SECONDS = "\0seconds\0"
"""Stands in the kept words for how long it took."""

_PACKAGE = os.path.dirname(os.path.dirname(__file__))
_PARTS = ("cli", "commits", "detection", "detection/rules", "effects/git", "scanning", "scanning/formats")
_KEPT = 64


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
        if kept["refs"] != _refs(kept["git_dir"]):
            return None
        out, err, status = str(kept["out"]), str(kept["err"]), int(kept["status"])
    except (OSError, subprocess.CalledProcessError, ValueError, KeyError, TypeError, AttributeError):
        return None  # nothing kept, or it cannot be trusted: the scan will say what is the matter, if anything is
    sys.stdout.write(out)
    sys.stderr.write(err.replace(SECONDS, f"{time.monotonic() - began:.2f}"))
    return status


def keep(arguments: Sequence[str], git_dir: str, files: Iterable[str], *, out: str, err: str, status: int) -> None:
    """Keep what a command said.

    Args:
        arguments: The command's own.
        git_dir: The repository, whose refs it depends on.
        files: More files that it depends on, there or not.
        out: What it wrote to standard output.
        err: What it wrote to standard error, with `SECONDS` for the time it took.
        status: Its exit status.
    """
    path = _path(arguments)
    document = {
        "asked": _asked(arguments),
        "git_dir": git_dir,
        "refs": _refs(git_dir),
        "files": {each: _stamp(each) for each in [*_own_files(), *files]},
        "out": out,
        "err": err,
        "status": status,
    }
    from pathlib import Path  # noqa: PLC0415 - see above

    from picket.detection.caching import write_atomically  # noqa: PLC0415

    write_atomically(Path(path), json.dumps(document).encode())
    for old in sorted(Path(path).parent.iterdir(), key=lambda each: each.stat().st_mtime)[:-_KEPT]:
        old.unlink(missing_ok=True)


def _asked(arguments: Sequence[str]) -> list[object]:
    terminals = [sys.stdout.isatty(), sys.stderr.isatty()]
    return [VERSION, list(arguments), os.getcwd(), terminals, sys.version]


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
    except FileNotFoundError:
        return None
    return [status.st_mtime_ns, status.st_size]


def _refs(git_dir: str) -> list[str]:
    """Return every ref and, which may be on none, every work tree's HEAD."""
    command = ["git", "--git-dir", git_dir, "for-each-ref", "--format=%(objectname)"]
    told = subprocess.run(command, capture_output=True, check=True).stdout.decode()
    common = os.path.realpath(os.path.join(git_dir, _text(f"{git_dir}/commondir").strip()))
    trees = sorted(os.listdir(f"{common}/worktrees")) if os.path.isdir(f"{common}/worktrees") else []
    return [told, _text(f"{common}/shallow"), *(_text(f"{each}/HEAD") for each in [common, *_joined(common, trees)])]


def _joined(common: str, trees: Iterable[str]) -> list[str]:
    return [f"{common}/worktrees/{tree}" for tree in trees]


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return ""
