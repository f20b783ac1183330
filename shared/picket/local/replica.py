"""One running process of a function."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from picket.local.processes import Child, Nursery
from picket.local.wire import Client, Refused, Request, Response, Stream, Unreachable

_BACKLOG = 1024
_END_SECONDS = 1.0


class StartFailed(Exception):
    """The process ended before it answered anything; the message says why."""


class Died(Exception):
    """The process ended with the request in flight."""


class Gone(Exception):
    """The process had ended before it was asked, so another one can be asked instead."""


class Replica:
    """A function process and what it has to do.

    The socket it listens on is made here and inherited, so requests queue in the kernel while the function starts:
    nothing polls for a port, and no other process can have taken it.
    """

    def __init__(self, child: Child, client: Client, ended: Callable[[], None]) -> None:
        self.child = child
        self._ended = ended
        self.load = 0
        self.ready = False
        self.idle_since = time.monotonic()
        self._client = client

    @classmethod
    def start(
        cls,
        nursery: Nursery,
        command: Sequence[str],
        env: Mapping[str, str],
        output: Path,
        ended: Callable[[], None] = lambda: None,
    ) -> Replica:
        """Start a process of the function; `PORT` and the socket are added to *env*. *ended* is called in the end."""
        with socket.create_server(("127.0.0.1", 0), backlog=_BACKLOG) as listener:
            # gunicorn sets it on sockets it makes itself only. It writes head and body apart: 40 ms without.
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            port = listener.getsockname()[1]
            child = nursery.spawn(
                command, env={**env, "PORT": str(port), "LISTEN_FDS": "1"}, output=output, listener=listener
            )
        return cls(child, Client("127.0.0.1", port), ended)

    async def send(self, request: Request) -> Response:
        """Have the function answer *request*.

        Raises:
            StartFailed: It ended before its first answer to anybody.
            Died: It ended later on, or broke off.
            Gone: It had ended before.
        """
        try:
            response = await self._client.send(request)
        except Unreachable as error:
            raise await self._cause(error) from error
        self.ready = True
        return response

    @asynccontextmanager
    async def stream(self, request: Request) -> AsyncIterator[Stream]:
        """Have the function answer *request* bit by bit; raises what `send` does, also with any part."""
        try:
            async with self._client.stream(request) as answer:
                self.ready = True
                yield answer
        except Unreachable as error:
            raise await self._cause(error) from error

    async def _cause(self, error: Unreachable) -> Exception:
        """Return what is behind a broken connection. It breaks a moment before the end of the process is known."""
        try:
            async with asyncio.timeout(_END_SECONDS):
                await self.child.wait()
        except TimeoutError:
            return Died(f"the function broke off: {error}")
        if not self.ready:
            return StartFailed(self.child.tail() or "it ended without a word")
        return Gone() if isinstance(error, Refused) else Died("the function's process ended")

    def close(self) -> None:
        """Close the connections to a process that has ended."""
        self._client.close()
        self._ended()

    async def stop(self, grace: float) -> None:
        """End the process; what it is doing may take *grace* seconds to finish."""
        await self.child.stop(grace)
