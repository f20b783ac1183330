"""Child processes that cannot outlive the stack.

They are started with `subprocess`, not through the event loop: uvloop hands a child copies of the descriptors it is
given as standard streams, and a child with a copy of the reaper's pipe would keep the reaper waiting for ever.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from picket.local import reaper

log = logging.getLogger(__name__)

# The child itself tells the reaper, before it becomes what it is to be: there is no moment at which the stack could
# die between starting a process and listing it. Standard output is the reaper's pipe until then. A listening socket
# comes in as standard input and goes on as descriptor 3, where systemd's protocol, and so gunicorn, expects it.
_INTRODUCE = 'echo "+$$"; export LISTEN_PID=$$; exec "$@" 3<&0 0</dev/null 1>&2'

_TAIL_CHARACTERS = 2000


class Child:
    """A running process, leader of a process group of its own."""

    def __init__(
        self, process: subprocess.Popen[bytes], output: Path, start: int, report_gone: Callable[[int], None]
    ) -> None:
        self._process = process
        self._output = output
        self._start = start
        self._report_gone = report_gone
        self._loop = asyncio.get_running_loop()
        self._ended: asyncio.Future[int] = self._loop.create_future()
        threading.Thread(target=self._wait, name=f"wait for {process.pid}", daemon=True).start()

    @property
    def pid(self) -> int:
        """Id of the process and its group."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it has not ended yet."""
        return not self._ended.done()

    async def wait(self) -> int:
        """Wait for the end and return the exit status, negative for a signal."""
        return await asyncio.shield(self._ended)

    async def stop(self, grace: float) -> None:
        """End the process: SIGTERM, and SIGKILL for its whole group after *grace* seconds."""
        if self.running:
            self._process.terminate()
            try:
                async with asyncio.timeout(grace):
                    await self.wait()
            except TimeoutError:
                self._kill_group()
                await self.wait()

    def written(self) -> str:
        """Return what this process, rather than an earlier one, has written to its log."""
        with self._output.open("rb") as file:
            file.seek(self._start)
            return file.read().decode(errors="replace").strip()

    def tail(self) -> str:
        """Return the end of what this process has written."""
        return self.written()[-_TAIL_CHARACTERS:]

    def _wait(self) -> None:
        """Wait for the end in a thread of its own, and tell the event loop if it is still there."""
        status = self._process.wait()
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._end, status)

    def _end(self, status: int) -> None:
        # Workers may be left of a leader that was killed. While any is, the group's id is not given to another.
        self._kill_group()
        self._report_gone(self.pid)
        self._ended.set_result(status)

    def _kill_group(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)


class Nursery:
    """Starts processes and sees to it that they end with the stack, even when the stack is killed."""

    def __init__(self, *inherited: int) -> None:
        """Start the reaper. It keeps the *inherited* descriptors, such as a lock, until all children are gone."""
        self._inherited = inherited
        self._children: set[Child] = set()
        self._start_reaper()

    def spawn(
        self,
        command: Sequence[str],
        *,
        env: Mapping[str, str],
        output: Path,
        listener: socket.socket | None = None,
    ) -> Child:
        """Start *command*, its output appended to the file *output*; *listener* gets there as from systemd."""
        if self._reaper.poll() is not None:
            # Nothing is started that would not end with the stack.
            log.error("the reaper was killed; starting another one")
            os.close(self._pipe)
            self._start_reaper()
        with output.open("ab") as file:
            start = file.tell()
            process = subprocess.Popen(
                ["/bin/sh", "-c", _INTRODUCE, "sh", *command],
                env=dict(env),
                stdin=listener.fileno() if listener else subprocess.DEVNULL,
                stdout=self._pipe,
                stderr=file,
                start_new_session=True,
            )
        child = Child(process, output, start, self._report_gone)
        self._children = {one for one in self._children if one.running} | {child}
        return child

    async def close(self, grace: float = reaper.GRACE_SECONDS) -> None:
        """End all children, then the reaper."""
        await asyncio.gather(*(child.stop(grace) for child in self._children))
        os.close(self._pipe)
        await asyncio.to_thread(self._reaper.wait)

    def _start_reaper(self) -> None:
        """Start a reaper, and tell it of the children there are."""
        theirs, self._pipe = os.pipe()
        try:
            self._reaper = subprocess.Popen(
                [sys.executable, "-IS", str(Path(reaper.__file__))],
                stdin=theirs,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=self._inherited,
                start_new_session=True,
            )
        finally:
            os.close(theirs)
        for child in self._children:
            if child.running:
                os.write(self._pipe, b"+%d\n" % child.pid)

    def _report_gone(self, group: int) -> None:
        # Should the reaper have been killed, then its successor never hears of the group.
        with contextlib.suppress(BrokenPipeError):
            os.write(self._pipe, b"-%d\n" % group)
