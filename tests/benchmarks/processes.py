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
_WATCH_SECONDS = 0.1


class ChildFailed(Exception):
    """A process did not do what it was started for; the message says which, and what it wrote."""


@dataclass(frozen=True, slots=True)
class Finished:
    """How long a process ran, in seconds; the memory of the largest process among it and its own, in MB; its output.

    `together_mb` is the most that they held at one time, what they share counted once; 0 unless it was watched. `cpu`
    are the seconds of processor time that they took.
    """

    seconds: float
    peak_mb: float
    output: str
    together_mb: float = 0.0
    cpu: float = 0.0


def clean_environment(**more: str) -> dict[str, str]:
    """Return this environment without settings of Picket, and *more*."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PICKET_", "K_"))}
    return {**kept, **more}


@contextmanager
def running(
    command: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    stdout: int | IO[bytes] = subprocess.DEVNULL,
    folder: Path | None = None,
) -> Iterator[tuple[subprocess.Popen[bytes], IO[bytes]]]:
    """Run *command* in a process group of its own until the block ends; yields it and what it writes to stderr."""
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            list(command),
            cwd=folder or PROJECT,
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
    command: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    keep: bool = False,
    seconds: float = 600.0,
    folder: Path | None = None,
    statuses: Sequence[int] = (0,),
    watch: bool = False,
) -> Finished:
    """Run *command* to its end.

    Args:
        command: The program and its arguments.
        env: Its environment; none: this one without settings of Picket.
        keep: Return its standard output.
        seconds: Time after which it is killed.
        folder: Where it runs; none: the project's.
        statuses: What it may end with.
        watch: Also take the memory of all its processes together, ten times a second.

    Raises:
        ChildFailed: It ended otherwise, or did not end in time.
    """
    with tempfile.TemporaryFile() as output:
        start = time.perf_counter()
        with running(command, env=env, stdout=output if keep else subprocess.DEVNULL, folder=folder) as (
            process,
            errors,
        ):
            timer = threading.Timer(seconds, _kill_group, [process.pid])
            timer.start()
            together = _Together(process.pid)
            if watch:
                together.start()
            try:
                _, status, usage = os.wait4(process.pid, 0)
            finally:
                timer.cancel()
                together.stop()
            took = time.perf_counter() - start
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode not in statuses:
                raise ChildFailed(f"{' '.join(command)} ended with {process.returncode}: {tail(errors)}")
        output.seek(0)
        cpu = usage.ru_utime + usage.ru_stime
        return Finished(took, usage.ru_maxrss / 1024, output.read().decode(), together.peak_mb, cpu)


class _Together:
    """Watches the memory of a process group."""

    def __init__(self, group: int) -> None:
        self.peak_mb = 0.0
        self._group = group
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._ended.wait(_WATCH_SECONDS):
            held = sum(proportional_kb(Path(entry.path)) for entry in os.scandir("/proc") if self._is_ours(entry.name))
            self.peak_mb = max(self.peak_mb, held / 1024)

    def _is_ours(self, name: str) -> bool:
        try:
            return name.isdigit() and os.getpgid(int(name)) == self._group
        except ProcessLookupError:
            return False


def proportional_kb(process: Path) -> int:
    """Return a process's share of memory in kB; 0 when it is gone. Source: proc_pid_smaps_rollup(5)."""
    try:
        lines = (process / "smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


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
