"""Plays Knative's JobSink: for each event a job, whose containers are processes that follow one another.

A job is a folder with the event in it, so that it survives the stack; the same event twice is one job. A job that is
killed or fails is started again, as often as its manifest says.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import shutil
import sys
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from picket.effects.telemetry.shapes import identifier
from picket.events.cloudevent import CloudEvent
from picket.local.processes import Child, Nursery
from picket.local.resources import JobSink, Step
from picket.local.wire import Response
from picket.tools import TOOLS
from picket.tools.adapter.execution import find

log = logging.getLogger(__name__)

GRACE = 2.0
_NICE = ("nice", "-n", "10")
"""Those who wait for an answer go first."""
_FIRST_WAIT, _LONGEST_WAIT = 1.0, 360.0
"""Seconds before a job is started again: each wait is twice the one before, as in Kubernetes."""
_KEPT_SECONDS = 86_400.0
"""How long a job that has ended is known, so that its event is not taken for a new one."""


class Jobs:
    """The JobSinks of a project, and their jobs.

    Args:
        sinks: What the manifests declare.
        nursery: Starts the processes.
        folder: The stack's: jobs are kept in `jobs` below it, and what they write in `logs`.
        environment: What every step gets that is not run in isolation.
        at_once: How many jobs run at a time.
    """

    def __init__(
        self,
        sinks: Iterable[JobSink],
        nursery: Nursery,
        folder: Path,
        environment: Mapping[str, str],
        *,
        at_once: int,
    ) -> None:
        self._sinks = {sink.name: sink for sink in sinks}
        self._nursery = nursery
        self._folder = folder / "jobs"
        self._logs = folder / "logs"
        self._environment = dict(environment)
        self._places = asyncio.Semaphore(at_once)
        self._running: dict[Path, asyncio.Task[None]] = {}
        self._children: set[Child] = set()

    @property
    def running(self) -> int:
        """Jobs that have not ended."""
        return len(self._running)

    def go_on(self) -> None:
        """Start the jobs that an earlier stack has left, and forget those that have long ended."""
        for sink in self._sinks.values():
            for job in sorted((self._folder / sink.name).glob("*")):
                if not _is_over(job):
                    self._start(sink, job)
                elif time.time() - (job / "over").stat().st_mtime > _KEPT_SECONDS:
                    shutil.rmtree(job, ignore_errors=True)

    def take(self, name: str, event: CloudEvent) -> Response:
        """Start a job for an event, unless it has one; 202 once the event is kept."""
        sink = self._sinks[name]
        job = self._folder / name / _name(event)
        if not (job / "event").exists():
            job.mkdir(parents=True, exist_ok=True)
            fresh = job / "event.new"
            fresh.touch(mode=0o600)
            fresh.write_bytes(event.structured())
            fresh.rename(job / "event")
        if not _is_over(job):
            self._start(sink, job)
        return Response(202)

    async def close(self) -> None:
        """End what runs; it is started again by the next stack."""
        for task in self._running.values():
            task.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)

    def _start(self, sink: JobSink, job: Path) -> None:
        if job not in self._running:
            task = asyncio.create_task(self._see_through(sink, job))
            self._running[job] = task
            task.add_done_callback(lambda done: self._ended(job, done))

    def _ended(self, job: Path, task: asyncio.Task[None]) -> None:
        self._running.pop(job, None)
        if not task.cancelled() and (error := task.exception()):
            log.error("job %s broke", identifier(job.name), exc_info=error)

    async def _see_through(self, sink: JobSink, job: Path) -> None:
        """Run a job's steps until they succeed, or it has failed too often."""
        for attempt in range(1, sink.backoff_limit + 2):
            async with self._places:
                shutil.rmtree(job / "work", ignore_errors=True)
                (job / "work").mkdir(mode=0o700)
                failed = await self._attempt(sink, job)
            if not failed:
                break
            log.warning("%s: job %s failed at %s, attempt %d", sink.name, identifier(job.name), failed, attempt)
            if attempt <= sink.backoff_limit:
                await asyncio.sleep(min(_FIRST_WAIT * 2 ** (attempt - 1), _LONGEST_WAIT))
        (job / "over").touch()
        shutil.rmtree(job / "work", ignore_errors=True)

    async def _attempt(self, sink: JobSink, job: Path) -> str:
        """Run the steps one after the other; return the name of the one that failed, empty if none did."""
        sidecars = [asyncio.create_task(self._keep(sink, step, job)) for step in sink.steps if step.is_sidecar]
        try:
            for step in sink.steps:
                if not step.is_sidecar and await self._failed(sink, step, job):
                    return step.name
            return ""
        finally:
            for task in sidecars:
                task.cancel()
            await asyncio.gather(*sidecars, return_exceptions=True)

    async def _keep(self, sink: JobSink, step: Step, job: Path) -> None:
        """Run a sidecar, and again whenever it ends, until cancelled."""
        while True:
            child = self._spawn(sink, step, job)
            try:
                await child.wait()
            finally:
                await child.stop(GRACE)
            await asyncio.sleep(_FIRST_WAIT)

    async def _failed(self, sink: JobSink, step: Step, job: Path) -> bool:
        """Run a step to its end; return whether it failed, or took too long."""
        child = self._spawn(sink, step, job)
        try:
            async with asyncio.timeout(sink.deadline):
                return await child.wait() != 0
        except TimeoutError:
            return True
        finally:
            if child.running:
                await child.stop(GRACE)

    def _spawn(self, sink: JobSink, step: Step, job: Path) -> Child:
        return self._nursery.spawn(
            [*_NICE, sys.executable, *step.arguments, *("--event", f"{job}/event", "--work", f"{job}/work")],
            env=self._environment_of(step),
            output=self._logs / f"{sink.name}.log",
        )

    def _environment_of(self, step: Step) -> dict[str, str]:
        """Return the environment of a step: one that is isolated gets only what its manifest says, and how to start."""
        if step.is_isolated:
            shown = ("PATH", "LANG", "PYTHONPATH", "PICKET_TOOL_DATA")
            return {**step.env, **{name: self._environment[name] for name in shown if name in self._environment}}
        return {**step.env, **self._environment, "K_SERVICE": "tools", "HOST": "127.0.0.1"}


def installed(sinks: Iterable[str]) -> list[str]:
    """Return which of the JobSinks' tools are installed on this machine, sorted."""
    known = {name: tool.running for name in sinks if (tool := TOOLS.get(name))}
    return sorted(name for name, running in known.items() if running and find(running.program))


def _name(event: CloudEvent) -> str:
    """Return what stands for an event: its source and id."""
    text = f"{event.attributes['source']}|{event.attributes['id']}"
    return hashlib.sha256(text.encode()).hexdigest()[:40]


def _is_over(job: Path) -> bool:
    with suppress(OSError):
        return (job / "over").exists()
    return False
