"""Starts function processes on demand, spreads requests over them, and stops them when nothing comes any more."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager

from picket.local.replica import Died, Gone, Replica, StartFailed
from picket.local.resources import Service
from picket.local.wire import Request, Response, Stream

log = logging.getLogger(__name__)

STOP_GRACE = 5.0
_PATIENCE = 0.3
"""How long all replicas stay full before one more is started: a start costs the CPU time of many short requests."""
_FIRST_RETRY = 0.5
_LAST_RETRY = 30.0

Start = Callable[[Service], Replica]


class Function:
    """The replicas of one Service, and the requests that wait for one."""

    def __init__(self, service: Service, start: Start, *, window: float | None, max_scale: int) -> None:
        self.service = service
        self._start = start
        self._window = service.window if window is None else window
        self._max_scale = max_scale
        self._replicas: list[Replica] = []
        self._waiting: deque[asyncio.Future[Replica]] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._growing: asyncio.TimerHandle | None = None
        self._failures = 0
        self._not_before = 0.0
        self._reason = ""
        self._closed = False
        self.starts = 0
        """Replicas that were started since the start of the stack."""

    @property
    def replicas(self) -> tuple[Replica, ...]:
        """The replicas there are."""
        return tuple(self._replicas)

    @property
    def waiting(self) -> int:
        """Requests that wait for a replica."""
        return len(self._waiting)

    @property
    def max_scale(self) -> int:
        """Most replicas there may be."""
        return self._max_scale

    @property
    def pids(self) -> list[int]:
        """Process ids of the replicas."""
        return [replica.child.pid for replica in self._replicas]

    async def send(self, request: Request) -> Response:
        """Have a replica answer *request*, starting one if need be: 503 if that fails, 502 if it dies meanwhile."""
        try:
            while True:
                replica = await self._slot()
                try:
                    return await replica.send(request)
                except Gone:
                    continue
                finally:
                    self._release(replica)
        except StartFailed as error:
            return _problem(503, f"{self.service.name} does not start: {error}")
        except Died as error:
            return _problem(502, str(error))

    @asynccontextmanager
    async def stream(self, request: Request) -> AsyncIterator[Stream]:
        """Have a replica answer *request* bit by bit; it counts as one that works until the end.

        Raises:
            StartFailed: None starts.
            Died: It ended or broke off meanwhile.
            Gone: It had ended just before.
        """
        replica = await self._slot()
        try:
            async with replica.stream(request) as answer:
                yield answer
        finally:
            self._release(replica)

    def warm(self) -> None:
        """Start the replicas that min-scale asks for."""
        for _ in range(min(self.service.min_scale, self._max_scale)):
            self._grow()

    async def close(self) -> None:
        """Stop all replicas and fail what waits."""
        self._closed = True
        self._fail_waiting("the stack is stopping")
        await asyncio.gather(*(replica.stop(STOP_GRACE) for replica in self._replicas))
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _slot(self) -> Replica:
        """Return a replica with a place for one more request, which is taken."""
        if not self._waiting and (replica := self._free()):
            replica.load += 1
            return replica
        waiter: asyncio.Future[Replica] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        self._want_more()
        try:
            return await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                self._release(waiter.result())
            raise

    def _free(self) -> Replica | None:
        """Return the replica with the fewest requests, one that is ready if possible."""
        open_ones = [one for one in self._replicas if one.load < self.service.capacity and one.child.running]
        return min(open_ones, key=lambda one: (not one.ready, one.load), default=None)

    def _release(self, replica: Replica) -> None:
        replica.load -= 1
        if replica.load == 0:
            replica.idle_since = time.monotonic()
        self._hand_out()

    def _hand_out(self) -> None:
        """Give places to those who wait, first come first served."""
        while self._waiting:
            waiter = self._waiting[0]
            if not waiter.done():
                replica = self._free()
                if replica is None:
                    break
                replica.load += 1
                waiter.set_result(replica)
            self._waiting.popleft()

    def _want_more(self) -> None:
        """Start a replica: at once from zero, else if there is still somebody waiting after a moment."""
        if not self._replicas:
            self._grow()
        elif self._growing is None:
            self._growing = asyncio.get_running_loop().call_later(_PATIENCE, self._grow_if_waited_for)

    def _grow_if_waited_for(self) -> None:
        self._growing = None
        self._hand_out()
        if self._waiting and not self._closed:
            self._grow()
            if len(self._replicas) < self._max_scale:
                self._want_more()

    def _grow(self) -> None:
        if self._closed or len(self._replicas) >= self._max_scale:
            return
        if time.monotonic() < self._not_before:
            if not self._replicas:
                self._fail_waiting(self._reason)
            return
        try:
            replica = self._start(self.service)
        except OSError as error:
            log.exception("%s cannot be started", self.service.name)
            self._start_failed(str(error))
            return
        log.info("%s: replica %d started", self.service.name, replica.child.pid)
        self.starts += 1
        self._replicas.append(replica)
        task = asyncio.create_task(self._see_through(replica))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self._hand_out()

    async def _see_through(self, replica: Replica) -> None:
        """Be there for *replica* until its end."""
        idle = asyncio.create_task(self._stop_when_idle(replica))
        try:
            await replica.child.wait()
        finally:
            idle.cancel()
            replica.close()
            self._leave(replica)

    def _leave(self, replica: Replica) -> None:
        if self._closed:
            return
        if replica in self._replicas:  # it was not stopped here
            self._replicas.remove(replica)
            if not replica.ready:
                self._start_failed(replica.child.tail())
                log.error("%s ended before its first answer:\n%s", self.service.name, replica.child.tail())
                return
            log.warning("%s: replica %d ended by itself", self.service.name, replica.child.pid)
        if replica.ready:
            self._failures = 0
        if self._waiting:
            self._want_more()
        if len(self._replicas) < self.service.min_scale:
            self._grow()

    def _start_failed(self, reason: str) -> None:
        self._failures += 1
        self._reason = reason or "it ended without a word"
        self._not_before = time.monotonic() + min(_FIRST_RETRY * 2 ** (self._failures - 1), _LAST_RETRY)
        if not self._replicas:
            self._fail_waiting(self._reason)

    def _fail_waiting(self, reason: str) -> None:
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_exception(StartFailed(reason))

    async def _stop_when_idle(self, replica: Replica) -> None:
        """Wait until *replica* has been idle for the window and is not needed for min-scale, then stop it."""
        while True:
            rest = replica.idle_since + self._window - time.monotonic()
            if replica.load or len(self._replicas) <= self.service.min_scale:
                rest = max(rest, self._window, 0.05)
            if rest <= 0:
                break
            await asyncio.sleep(rest)
        self._replicas.remove(replica)
        log.info("%s: replica %d idle, stopping", self.service.name, replica.child.pid)
        await replica.stop(STOP_GRACE)


class Activator:
    """All functions, by the name of their Service."""

    def __init__(self, services: Iterable[Service], start: Start, *, window: float | None) -> None:
        self.functions = {
            service.name: Function(service, start, window=window, max_scale=_max_scale(service)) for service in services
        }

    async def send(self, name: str, request: Request) -> Response:
        """Have the function *name* answer *request*."""
        return await self.functions[name].send(request)

    def warm(self) -> None:
        """Start what min-scale asks for."""
        for function in self.functions.values():
            function.warm()

    async def close(self) -> None:
        """Stop all functions."""
        await asyncio.gather(*(function.close() for function in self.functions.values()))


SCALE_LABEL = "picket.dev/scale"


def _max_scale(service: Service) -> int:
    """Return the replicas *service* may have on this machine: those that keep a core busy, one a core at most."""
    if service.labels.get(SCALE_LABEL) == "cores":
        return min(service.max_scale, os.cpu_count() or 1)
    return service.max_scale


def _problem(status: int, reason: str) -> Response:
    headers = [(b"content-type", b"text/plain; charset=utf-8")]
    if status == 503:  # noqa: PLR2004 - only this one passes by itself
        headers.append((b"retry-after", b"1"))
    return Response(status, headers, reason.encode())
