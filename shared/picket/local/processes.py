"""Child processes that cannot outlive the stack."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from picket.local import reaper

# The child itself tells the reaper, before it becomes what it is to be: there is no moment at which the stack could
# die between starting a process and listing it. Standard output is the reaper's pipe until then. A listening socket
# comes in as standard input and goes on as descriptor 3, where systemd's protocol, and so gunicorn, expects it.
_INTRODUCE = 'echo "+$$"; export LISTEN_PID=$$; exec "$@" 3<&0 0</dev/null 1>&2'

_TAIL_CHARACTERS = 2000


class Child:
    """A running process, leader of a process group of its own."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path, log_start: int, pipe: int) -> None:
        self._process = process
        self._log = log
        self._log_start = log_start
        self._pipe = pipe
        self._gone = asyncio.create_task(self._wait())

    @property
    def pid(self) -> int:
        """Id of the process and its group."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it has not ended yet."""
        return not self._gone.done()

    async def wait(self) -> int:
        """Wait for the end and return the exit status, negative for a signal."""
        return await asyncio.shield(self._gone)

    async def stop(self, grace: float) -> None:
        """End the process: SIGTERM, and SIGKILL for its whole group after *grace* seconds."""
        if self.running:
            with contextlib.suppress(ProcessLookupError):
                self._process.terminate()
            try:
                async with asyncio.timeout(grace):
                    await self.wait()
            except TimeoutError:
                self._kill_group()
                await self.wait()

    def written(self) -> str:
        """Return what this process, rather than an earlier one, has written to its log."""
        with self._log.open("rb") as log:
            log.seek(self._log_start)
            return log.read().decode(errors="replace").strip()

    def tail(self) -> str:
        """Return the end of what this process has written."""
        return self.written()[-_TAIL_CHARACTERS:]

    async def _wait(self) -> int:
        status = await self._process.wait()
        # Workers may be left of a leader that was killed. While any is, the group's id is not given to another.
        self._kill_group()
        os.write(self._pipe, b"-%d\n" % self.pid)
        return status

    def _kill_group(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)


class Nursery:
    """Starts processes and sees to it that they end with the stack, even when the stack is killed."""

    def __init__(self, pipe: int, process: asyncio.subprocess.Process) -> None:
        self._pipe = pipe
        self._reaper = process
        self._children: set[Child] = set()

    @classmethod
    async def open(cls, *inherited: int) -> Nursery:
        """Start the reaper. It keeps the *inherited* descriptors, such as a lock, until all children are gone."""
        theirs, ours = os.pipe()
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-IS",
                str(Path(reaper.__file__)),
                stdin=theirs,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
                pass_fds=inherited,
                start_new_session=True,
            )
        finally:
            os.close(theirs)
        return cls(ours, process)

    async def spawn(
        self,
        command: Sequence[str],
        *,
        env: Mapping[str, str],
        log: Path,
        listener: socket.socket | None = None,
    ) -> Child:
        """Start *command* with its output appended to *log*; *listener* reaches it as systemd would pass it."""
        with log.open("ab") as output:
            start = output.tell()
            process = await asyncio.create_subprocess_exec(
                "/bin/sh",
                "-c",
                _INTRODUCE,
                "sh",
                *command,
                env=dict(env),
                stdin=listener.fileno() if listener else asyncio.subprocess.DEVNULL,
                stdout=self._pipe,
                stderr=output,
                start_new_session=True,
            )
            child = Child(process, log, start, self._pipe)
        self._children = {one for one in self._children if one.running} | {child}
        return child

    async def close(self, grace: float = reaper.GRACE_SECONDS) -> None:
        """End all children, then the reaper."""
        await asyncio.gather(*(child.stop(grace) for child in self._children))
        os.close(self._pipe)
        await self._reaper.wait()
