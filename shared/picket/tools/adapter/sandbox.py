"""Running a program that is not trusted with time, memory or room: one session, watched, and ended whole."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

_WATCH_SECONDS = 0.1
_END_SECONDS = 10.0
"""How long it is waited for the last process to be gone."""
_FILES = 4_096
"""Files that a program may have open."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a program may take: seconds, bytes of memory, and bytes of all files in each of *folders*."""

    seconds: float
    memory: int
    room: int
    folders: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Ran:
    """How a program ran: exit status, negative for a signal; seconds; peak bytes of memory; why it was stopped."""

    status: int
    seconds: float
    memory: int
    stopped: str


def limit_this_process(room: int) -> None:
    """Set limits that the programs which this process starts inherit; they hold for this process, too.

    Args:
        room: Bytes that a single file may have.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for which, wanted in ((resource.RLIMIT_FSIZE, room), (resource.RLIMIT_NOFILE, _FILES)):
        _, most = resource.getrlimit(which)
        given = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
        resource.setrlimit(which, (given, given))


def run(  # noqa: PLR0913 - what a process is given
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    folder: Path,
    output: Path,
    errors: Path,
    limits: Limits,
) -> Ran:
    """Run a program to its end, or until it takes too much.

    Args:
        command: Path of the program and its arguments; no shell sees them.
        environment: All of its environment.
        folder: Where it stands.
        output: File that takes its standard output.
        errors: File that takes its standard error.
        limits: What it may take.

    Raises:
        OSError: It cannot be started.
    """
    began, peak, stopped = time.monotonic(), 0, ""
    with output.open("wb") as out, errors.open("wb") as err:
        process = subprocess.Popen(
            list(command),
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            start_new_session=True,
        )
    try:
        while process.poll() is None and not stopped:
            with suppress(subprocess.TimeoutExpired):
                process.wait(_WATCH_SECONDS)
            used = _memory(process.pid)
            peak = max(peak, used)
            stopped = _excess(limits, time.monotonic() - began, used)
    finally:
        _end(process)
    return Ran(process.returncode, time.monotonic() - began, peak, stopped)


def _excess(limits: Limits, seconds: float, memory: int) -> str:
    """Say what a program has taken too much of; empty if nothing."""
    if seconds > limits.seconds:
        return f"it took longer than {limits.seconds:g} seconds"
    if memory > limits.memory:
        return f"it took more than {limits.memory} bytes of memory"
    if any(_room(folder, limits.room) > limits.room for folder in limits.folders):
        return f"it wrote more than {limits.room} bytes"
    return ""


def _members(session: int) -> Iterator[psutil.Process]:
    """Give the processes of a session that run, those whose parents have ended included."""
    for process in psutil.process_iter():
        with suppress(ProcessLookupError, PermissionError, psutil.NoSuchProcess):
            if os.getsid(process.pid) == session and process.status() != psutil.STATUS_ZOMBIE:
                yield process


def _memory(session: int) -> int:
    total = 0
    for process in _members(session):
        with suppress(psutil.Error):
            total += process.memory_info().rss
    return total


def _room(folder: Path, enough: int) -> int:
    """Sum up the files below a folder, until it is *enough*."""
    total = 0
    for top, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                total += os.lstat(os.path.join(top, name)).st_size  # noqa: PTH118 - called for each file, many times
        if total > enough:
            break
    return total


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill what is left of the session, whichever of it has outlived its parent, and see that it is gone."""
    process.kill()
    process.wait()
    deadline = time.monotonic() + _END_SECONDS
    while (left := [one.pid for one in _members(process.pid)]) and time.monotonic() < deadline:
        for pid in left:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(_WATCH_SECONDS / 10)
