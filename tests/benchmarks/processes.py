"""Child processes that are measured; none outlives the block it is started in."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

PROJECT = Path(__file__).resolve().parents[2]
_GRACE_SECONDS = 0.5
_TAIL = 1_000


class ChildFailed(Exception):
    """A process did not do what it was started for; the message says which, and what it wrote."""


@dataclass(frozen=True, slots=True)
class Finished:
    """How long a process ran, in seconds; the memory of the largest process among it and its own, in MB; its output."""

    seconds: float
    peak_mb: float
    output: str


def clean_environment(**more: str) -> dict[str, str]:
    """Return this environment without settings of Picket, and *more*."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PICKET_", "K_"))}
    return {**kept, **more}


@contextmanager
def running(
    command: Sequence[str], *, env: Mapping[str, str] | None = None, stdout: int | IO[bytes] = subprocess.DEVNULL
) -> Iterator[tuple[subprocess.Popen[bytes], IO[bytes]]]:
    """Run *command* in a process group of its own until the block ends; yields it and what it writes to stderr."""
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            list(command),
            cwd=PROJECT,
            env=dict(env if env is not None else clean_environment()),
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=errors,
            start_new_session=True,
        )
        try:
            yield process, errors
        finally:
            _end(process)


def measure(
    command: Sequence[str], *, env: Mapping[str, str] | None = None, keep: bool = False, seconds: float = 600.0
) -> Finished:
    """Run *command* to its end.

    Args:
        command: The program and its arguments.
        env: Its environment; none: this one without settings of Picket.
        keep: Return its standard output.
        seconds: Time after which it is killed.

    Raises:
        ChildFailed: It ended with an error, or did not end in time.
    """
    with tempfile.TemporaryFile() as output:
        start = time.perf_counter()
        with running(command, env=env, stdout=output if keep else subprocess.DEVNULL) as (process, errors):
            timer = threading.Timer(seconds, _kill_group, [process.pid])
            timer.start()
            try:
                _, status, usage = os.wait4(process.pid, 0)
            finally:
                timer.cancel()
            took = time.perf_counter() - start
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode:
                raise ChildFailed(f"{' '.join(command)} ended with {process.returncode}: {tail(errors)}")
        output.seek(0)
        return Finished(took, usage.ru_maxrss / 1024, output.read().decode())


def tail(errors: IO[bytes]) -> str:
    """Return the end of what a process wrote."""
    errors.seek(0)
    return errors.read().decode(errors="replace").strip()[-_TAIL:]


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.returncode is None:
        with suppress(ProcessLookupError):
            process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE_SECONDS)
    _kill_group(process.pid)
    if process.returncode is None:
        process.wait()


def _kill_group(pid: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
