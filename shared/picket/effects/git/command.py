"""Running git on hostile input, hardened as `hardening` says."""

from __future__ import annotations

import os
import signal
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen, TimeoutExpired
from typing import IO

from picket.effects.git.hardening import child_environment, options
from picket.errors import PicketError, TooLarge
from picket.records import dataclass

WATCH_SECONDS = 0.25
_MAX_STDERR = 1 << 16


class GitFailed(PicketError):
    """Git ended with an error; `reason` is its standard error, cut to a few lines."""

    def __init__(self, status: object, reason: str) -> None:
        super().__init__(f"git failed ({status}): {reason}")
        self.reason = reason


def run(  # noqa: PLR0913 - what a process is given
    git_dir: Path,
    *arguments: str,
    config: dict[str, str] | None = None,
    environment: dict[str, str] | None = None,
    stdin: bytes = b"",
    stdout: int | IO[bytes] = PIPE,
    seconds: float | None = None,
) -> bytes:
    """Run one git command whose output fits into memory.

    Args:
        git_dir: A git directory.
        arguments: The command and its arguments.
        config: More configuration for this command.
        environment: More environment; secrets go here, never into arguments.
        stdin: What the command reads.
        stdout: A file that takes its output instead.
        seconds: How long it may take; None: as long as it does.

    Returns:
        Its standard output, empty when *stdout* took it.

    Raises:
        GitFailed: It ended with an error or took too long.
    """
    command = ["git", "--no-pager", "--git-dir", str(git_dir), *options(config), *arguments]
    environment = child_environment(environment)
    with Popen(command, stdin=PIPE, stdout=stdout, stderr=PIPE, env=environment, start_new_session=True) as process:
        try:
            found, said = process.communicate(stdin, timeout=seconds)
        except TimeoutExpired:
            raise GitFailed("timeout", f"took longer than {seconds:g} seconds") from None
        finally:
            _end(process)
    if process.returncode != 0:
        raise GitFailed(process.returncode, shortened(said))
    return found or b""


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds and bytes of all files in *folder*, above which a command is killed."""

    seconds: float
    max_bytes: int
    folder: Path


def run_limited(
    git_dir: Path | None,
    *arguments: str,
    limits: Limits,
    config: dict[str, str],
    environment: dict[str, str],
    stdout: int | IO[bytes] = DEVNULL,
) -> str:
    """Run a git command that writes what somebody else decides the size of.

    Args:
        git_dir: A bare repository; None for a command that needs none.
        arguments: The command and its arguments.
        limits: How long it may take, and how much it may write where.
        config: More configuration for this command.
        environment: More environment; secrets go here, never into arguments.
        stdout: A file that takes its output, which is dropped otherwise.

    Returns:
        The beginning of what it wrote to standard error.

    Raises:
        GitFailed: It ended with an error or took too long.
        TooLarge: What it writes grew beyond the limit.
    """
    where = ["--git-dir", str(git_dir)] if git_dir else []
    command = ["git", "--no-pager", *where, *options(config), *arguments]
    deadline = time.monotonic() + limits.seconds
    # A file takes any amount of output; a pipe that is not read would fill up and stop git.
    with tempfile.TemporaryFile() as stderr:
        process = Popen(
            command,
            cwd=limits.folder,  # not a repository of somebody's that this process happens to stand in
            stdin=DEVNULL,
            stdout=stdout,
            stderr=stderr,
            env=child_environment(environment),
            start_new_session=True,
        )
        try:
            while process.poll() is None:
                with suppress(TimeoutExpired):
                    process.wait(WATCH_SECONDS)
                if time.monotonic() > deadline:
                    raise GitFailed("timeout", f"took longer than {limits.seconds:g} seconds")
                if _bytes_in(limits.folder) > limits.max_bytes:
                    raise TooLarge(f"the repository is larger than {limits.max_bytes} bytes")
        finally:
            _end(process)
        stderr.seek(0)
        said = stderr.read(_MAX_STDERR)
        if process.returncode != 0:
            raise GitFailed(process.returncode, shortened(said))
        return said.decode(errors="replace")


def _end(process: Popen[bytes]) -> None:
    """Kill a process that still runs, with the helpers that git has started."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _bytes_in(folder: Path) -> int:
    """Sum up the files, those that are still being written included."""
    with os.scandir(folder) as entries:
        return sum(entry.stat().st_size for entry in entries)


def shortened(stderr: object) -> str:
    """Return the first lines of what git wrote to standard error, as one."""
    text = stderr.decode(errors="replace") if isinstance(stderr, bytes) else str(stderr)
    lines = [line.strip() for line in text.replace("stderr:", "").strip(" '\n").splitlines() if line.strip()]
    return " / ".join(lines[:3])[:500]
