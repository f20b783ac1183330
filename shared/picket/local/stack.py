"""The one-machine Knative: puts broker, activator, servers and schedules together, and takes them apart again."""

from __future__ import annotations

import asyncio
import errno
import json
import logging
import os
import socket
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from aiohttp import web
from nats.aio.client import Client as Nats
from nats.errors import Error as NatsError

from picket.errors import PermanentError
from picket.local import environment, folder, manifests, preflight, schedule, servers
from picket.local.activator import Activator
from picket.local.channel import Channel, connect
from picket.local.delivery import Profile
from picket.local.dispatcher import Dispatcher
from picket.local.front import MAX_BODY_BYTES, Front
from picket.local.ingress import MAX_BODY_BYTES as MAX_EVENT_BYTES
from picket.local.ingress import Ingress
from picket.local.jobs import Jobs, installed
from picket.local.numbers import VARIABLE, Numbers
from picket.local.outbound import Outbound
from picket.local.processes import Nursery
from picket.local.replica import Replica
from picket.local.resources import Manifests, Service
from picket.local.status import Status

log = logging.getLogger(__name__)

_CONNECT_SECONDS = 10.0
_KEEP_ALIVE_SECONDS = 75.0
_FRONT_GRACE = 2.0

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class PortTaken(PermanentError):
    """Something else listens on the port asked for."""


@dataclass(frozen=True, slots=True)
class Options:
    """How to run a project.

    `project` holds `functions/`, `knative/base/` and `triggers/`; `port` 0 takes any; `window` in seconds overrides
    how long a function idles before it is stopped; an empty URL means a server of the stack's own.
    """

    project: Path
    data_dir: Path = Path(".picket")
    port: int = 0
    window: float | None = None
    nats_url: str = ""
    mongodb_uri: str = ""
    allow_local_repositories: bool = False
    profile: Profile = Profile.NATSS


class Stack:
    """A project at work, from `async with` on until its end."""

    def __init__(self, options: Options) -> None:
        self.url = ""
        self.ingress_url = ""
        self.nats_url = options.nats_url
        self.mongodb_uri = options.mongodb_uri
        self._options = options
        self._folder = options.data_dir.absolute()
        self._servers: list[servers.Server] = []
        self._dispatchers: list[Dispatcher] = []
        self._channels: list[Channel] = []
        self._activator = Activator((), self._start_replica, window=None)
        self._manifests = Manifests()
        self._shared: dict[str, str] = {}
        self._exit = AsyncExitStack()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as undo:
            await self._start(undo)
            self._exit = undo.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._exit.__aexit__(kind, error, trace)

    def pids(self, function: str) -> list[int]:
        """Return the process ids of the replicas of *function*."""
        return self._activator.functions[function].pids

    def status(self) -> dict[str, dict[str, list[int] | int]]:
        """Return the process ids of functions and servers, and how many events each Trigger delivers just now."""
        return {
            "functions": {name: function.pids for name, function in self._activator.functions.items()},
            "servers": {server.name: server.pid for server in self._servers},
            "triggers": {one.trigger.name: one.in_flight for one in self._dispatchers},
        }

    async def backlog(self) -> dict[str, int]:
        """Return how many events each Trigger still has to deal with, those that wait for a retry included."""
        found: dict[str, int] = {}
        for channel in self._channels:
            found |= await channel.backlog()
        return found

    async def _start(self, undo: AsyncExitStack) -> None:
        options = self._options
        self._manifests = manifests.read(options.project)
        lock = await undo.enter_async_context(folder.locked(self._folder))
        front, ingress = _listen(options.port), _listen(0)
        for listener in (front, ingress):
            undo.callback(listener.close)
        self.url, self.ingress_url = map(_url, (front, ingress))
        self._nursery = Nursery(lock)
        self._numbers = Numbers(self._folder / "run" / "numbers")
        undo.push_async_callback(self._nursery.close)
        nats = await self._start_servers(undo)
        self._channels = [Channel(nats, broker) for broker in self._manifests.brokers]
        for channel in self._channels:
            with self._given_nats():
                await channel.open()
        self._shared = self._environment()
        self._activator = Activator(self._manifests.services, self._start_replica, window=options.window)
        await self._start_broker(undo, ingress)
        status = Status(self._activator, self._dispatchers, self._channels, self._servers, self._numbers)
        await _serve(undo, front, Front(self._activator, status).handle, MAX_BODY_BYTES)
        self._publish_addresses()
        self._activator.warm()

    def _publish_addresses(self) -> None:
        """Write where everything is to `run/stack.json`, for tools: the ports are different ones every time."""
        file = self._folder / "run" / "stack.json"
        file.touch(mode=0o600)
        addresses = {name: getattr(self, name) for name in ("url", "ingress_url", "nats_url", "mongodb_uri")}
        file.write_text(json.dumps(addresses), encoding="utf-8")

    async def _start_servers(self, undo: AsyncExitStack) -> Nats:
        """Start the servers that were not given, and connect to NATS."""
        server_name = token = ""
        if not self.nats_url:
            nats_server, server_name, token = servers.nats_server(self._folder)
            self._servers.append(nats_server)
        if not self.mongodb_uri:
            self._servers.append(servers.store(self._folder))
        for server in self._servers:
            undo.push_async_callback(server.stop)
        await asyncio.gather(*(server.start(self._nursery) for server in self._servers))
        ports = {server.name: server.port for server in self._servers}
        self.nats_url = self.nats_url or f"nats://{token}@127.0.0.1:{ports['nats-server']}"
        self.mongodb_uri = self.mongodb_uri or f"mongodb://127.0.0.1:{ports['store']}"
        with self._given_nats():
            async with asyncio.timeout(_CONNECT_SECONDS):
                nats = await connect(self.nats_url, server_name)
        undo.push_async_callback(nats.close)
        return nats

    @contextmanager
    def _given_nats(self) -> Iterator[None]:
        """Say of a NATS server that cannot be used which setting names it."""
        try:
            yield
        except (NatsError, OSError, ValueError) as error:
            if self._options.nats_url:
                raise preflight.no_nats(self.nats_url, error) from None
            raise servers.ServerFailed(f"NATS cannot be reached ({type(error).__name__})") from error

    async def _start_broker(self, undo: AsyncExitStack, listener: socket.socket) -> None:
        """Start ingress, functions, Triggers and schedules: what is undone last is what the others need."""
        ingress = Ingress(self._channels, self._options.profile, self.ingress_url)
        await _serve(undo, listener, ingress.handle, MAX_EVENT_BYTES)
        jobs = self._jobs()
        outbound = Outbound(self._activator, ingress, jobs)
        undo.callback(outbound.close)
        undo.push_async_callback(jobs.close)
        undo.push_async_callback(self._activator.close)
        for channel in self._channels:
            mine = [one for one in self._manifests.triggers if channel.owns(one)]
            await channel.forget_all_but({trigger.name for trigger in mine})
            for trigger in mine:
                dispatcher = Dispatcher(trigger, channel, ingress, outbound)
                self._dispatchers.append(dispatcher)
                undo.push_async_callback(dispatcher.stop)
                await dispatcher.start()
        jobs.go_on()
        for source in self._manifests.pings:
            task = asyncio.create_task(schedule.run(source, outbound))
            undo.push_async_callback(_cancelled, task)

    def _start_replica(self, service: Service) -> Replica:
        source = self._options.project.absolute() / "functions" / service.name / "main.py"
        command = [sys.executable, "-m", "functions_framework", "--target", "main", "--signature-type", "http"]
        if self._manifests.is_given_events(service):
            # What was accepted can wait in the stream: while cores are short, those who wait for an answer go first.
            command = ["nice", "-n", "10", *command]
        env = environment.of_function(service, self._shared, self._manifests.bindings, self.ingress_url)
        output = self._folder / "logs" / f"{service.name}.log"
        home = self._numbers.home(service.name)
        return Replica.start(
            self._nursery,
            [*command, "--source", str(source)],
            {**env, VARIABLE: str(home)},
            output,
            partial(self._numbers.retire, home),
        )

    def _jobs(self) -> Jobs:
        broker = self._manifests.brokers[0].path if self._manifests.brokers else ""
        return Jobs(
            self._manifests.job_sinks,
            self._nursery,
            self._folder,
            {**self._shared, "K_SINK": self.ingress_url + broker},
            at_once=os.cpu_count() or 1,
        )

    def _environment(self) -> dict[str, str]:
        """Return what all functions get: what the user set wins over the stack's own, but for the addresses."""
        return {
            "PICKET_PUBLIC_URL": self.url,
            **environment.keys(self._folder),
            "PICKET_TOOLS": json.dumps(installed(sink.name for sink in self._manifests.job_sinks)),
            **environment.inherited(),
            **self._compared(),
            "MONGODB_URI": self.mongodb_uri,
            "PICKET_DATA_DIR": str(self._folder),
            "PICKET_ALLOW_LOCAL_REPOSITORIES": str(self._options.allow_local_repositories).lower(),
        }

    def _compared(self) -> dict[str, str]:
        """Return what the doctor needs to compare the first broker's stream with its template."""
        channel = next((one for one in self._channels if one.broker.written), None)
        if channel is None:
            return {}
        file = self._folder / "run" / "channel-template-spec"
        file.write_text(channel.broker.written, encoding="utf-8")
        wanted = asdict(channel.delivery)
        return {
            "PICKET_NATS_URL": self.nats_url,
            "PICKET_STREAM": channel.stream,
            "PICKET_CHANNEL": str(file),
            "PICKET_CONSUMERS": json.dumps({one.name: wanted for one in self._manifests.triggers if channel.owns(one)}),
        }


def _listen(port: int) -> socket.socket:
    try:
        return socket.create_server(("127.0.0.1", port), backlog=1024)
    except OSError as error:
        if error.errno in {errno.EADDRINUSE, errno.EACCES}:
            raise PortTaken(
                f"port {port} cannot be listened on: {error.strerror}; choose another with --port"
            ) from error
        raise


def _url(listener: socket.socket) -> str:
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


async def _serve(undo: AsyncExitStack, listener: socket.socket, handle: Handler, max_body: int) -> None:
    """Serve *handle* on *listener* until undone."""
    factory = partial(web.BaseRequest, loop=asyncio.get_running_loop(), client_max_size=max_body)
    server = web.Server(handle, request_factory=factory, keepalive_timeout=_KEEP_ALIVE_SECONDS, access_log=None)
    runner = web.ServerRunner(server, shutdown_timeout=_FRONT_GRACE)
    undo.push_async_callback(runner.cleanup)
    await runner.setup()
    await web.SockSite(runner, listener, backlog=1024).start()


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
