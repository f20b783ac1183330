"""What the stack tells of itself: a document for `picket top`, and numbers for Prometheus."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import nats.errors

from picket.effects.telemetry.names import BY_NAME
from picket.local.activator import Activator, Function
from picket.local.channel import Channel
from picket.local.dispatcher import Dispatcher
from picket.local.numbers import Numbers
from picket.local.servers import Server

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

Json = dict[str, Any]
T = TypeVar("T")

_PATIENCE = 2.0
"""Seconds that the stack waits for NATS before it tells the rest."""

OUTCOMES = ("done", "retried", "dead_lettered", "lost")


class Status:
    """A view of the parts of a running stack."""

    def __init__(
        self,
        activator: Activator,
        dispatchers: Sequence[Dispatcher],
        channels: Sequence[Channel],
        servers: Sequence[Server],
        numbers: Numbers,
    ) -> None:
        self._activator = activator
        self._dispatchers = dispatchers
        self._channels = channels
        self._servers = servers
        self._numbers = numbers
        self._started = time.time()

    async def document(self) -> Json:
        """Return how everything stands.

        Times are in seconds, memory in bytes, counts since the start; backlogs are None while NATS does not answer.
        """
        pids = [os.getpid(), *(server.pid for server in self._servers)]
        pids += [replica.child.pid for function in self._functions for replica in function.replicas]
        used, backlog, oldest = await asyncio.gather(asyncio.to_thread(_used, pids), self._backlog(), self._oldest())
        return {
            "at": time.time(),
            "uptime_seconds": time.time() - self._started,
            "functions": [_function(function, used) for function in self._functions],
            "triggers": [
                {
                    "name": one.trigger.name,
                    "function": one.trigger.subscriber.service,
                    "backlog": backlog.get(one.trigger.name),
                    "oldest_seconds": oldest.get(one.trigger.name),
                    "in_flight": one.in_flight,
                    "outcomes": {outcome: one.outcomes[outcome] for outcome in OUTCOMES},
                }
                for one in self._dispatchers
            ],
            "servers": [
                {"name": "stack", "pid": os.getpid(), **used.get(os.getpid(), {})},
                *({"name": server.name, "pid": server.pid, **used.get(server.pid, {})} for server in self._servers),
            ],
        }

    async def exposition(self) -> bytes:
        """Return the numbers of stack and functions in Prometheus' text format 0.0.4."""
        from prometheus_client import CollectorRegistry, generate_latest  # noqa: PLC0415 - only when somebody asks

        backlog, oldest = await asyncio.gather(self._backlog(), self._oldest())
        registry = CollectorRegistry()
        registry.register(_Families([*self._numbers.families(), *self._families(backlog, oldest)]))
        return bytes(generate_latest(registry))

    @property
    def _functions(self) -> list[Function]:
        return list(self._activator.functions.values())

    async def _backlog(self) -> dict[str, int]:
        return await self._of_all(Channel.backlog)

    async def _oldest(self) -> dict[str, float]:
        return await self._of_all(Channel.oldest)

    async def _of_all(self, ask: Callable[[Channel], Awaitable[dict[str, T]]]) -> dict[str, T]:
        """Ask all channels; while NATS does not answer there is nothing to tell."""
        found: dict[str, T] = {}
        with contextlib.suppress(TimeoutError, nats.errors.Error):
            async with asyncio.timeout(_PATIENCE):
                for channel in self._channels:
                    found |= await ask(channel)
        return found

    def _families(self, backlog: dict[str, int], oldest: dict[str, float]) -> Iterator[Metric]:
        yield _family(
            "picket_trigger_deliveries_total",
            {(one.trigger.name, name): one.outcomes[name] for one in self._dispatchers for name in OUTCOMES},
        )
        yield _family("picket_trigger_backlog_events", {(name,): value for name, value in backlog.items()})
        yield _family("picket_trigger_oldest_seconds", {(name,): value for name, value in oldest.items()})
        yield _family(
            "picket_trigger_in_flight_events", {(one.trigger.name,): one.in_flight for one in self._dispatchers}
        )
        yield _family("picket_function_replicas", {(one.service.name,): len(one.replicas) for one in self._functions})
        yield _family("picket_function_starts_total", {(one.service.name,): one.starts for one in self._functions})


class _Families:
    """A collector in prometheus_client's sense."""

    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterator[Metric]:
        yield from self._families


def _family(name: str, values: dict[tuple[str, ...], float]) -> Metric:
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily  # noqa: PLC0415 - see above

    metric = BY_NAME[name]
    make = CounterMetricFamily if metric.kind == "counter" else GaugeMetricFamily
    family: CounterMetricFamily | GaugeMetricFamily = make(name, metric.help, labels=metric.labels)
    for labels, value in values.items():
        family.add_metric(labels, value)
    return family


def _function(function: Function, used: dict[int, Json]) -> Json:
    return {
        "name": function.service.name,
        "max_scale": function.max_scale,
        "starts": function.starts,
        "waiting": function.waiting,
        "in_flight": sum(replica.load for replica in function.replicas),
        "replicas": [
            {"pid": replica.child.pid, "in_flight": replica.load, "ready": replica.ready}
            | used.get(replica.child.pid, {})
            for replica in function.replicas
        ],
    }


def _used(pids: list[int]) -> dict[int, Json]:
    """Return the CPU time and the resident memory of processes with all that they started, such as git.

    Memory that processes share counts for each of them.
    """
    import psutil  # noqa: PLC0415 - only when somebody asks

    found = {pid: [0.0, 0] for pid in pids if pid}
    parents = {process.pid: (process, process.info["ppid"]) for process in psutil.process_iter(["ppid"])}
    for pid, (process, _) in parents.items():
        owner = pid
        while owner not in found and owner in parents:
            owner = parents[owner][1]
        if owner not in found:
            continue
        try:
            with process.oneshot():
                times, memory = process.cpu_times(), process.memory_info()
        except psutil.Error:
            continue  # it ended meanwhile
        # What the stack's own ended children took was told while they were there.
        ended = 0.0 if pid == os.getpid() else times.children_user + times.children_system
        found[owner][0] += times.user + times.system + ended
        found[owner][1] += memory.rss
    return {pid: {"cpu_seconds": round(cpu, 2), "rss_bytes": rss} for pid, (cpu, rss) in found.items()}
