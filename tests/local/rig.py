"""A stack with nothing but a broker in it, and sinks that answer as a test says."""

from __future__ import annotations

import asyncio
import itertools
import json
import subprocess
import textwrap
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from aiohttp import web

from picket.local.delivery import Profile
from picket.local.stack import Options, Stack
from picket.local.wire import Client, Request, Response

Answer = Callable[["Received"], Awaitable[web.Response]]
Manifest = dict[str, Any]

_ids = itertools.count(1)


def no_sooner(found: Sequence[float], least: Sequence[float]) -> bool:
    """Return whether each wait was as long as it should be, in seconds; how much longer is the machine's business."""
    return len(found) == len(least) and all(one >= other - 0.02 for one, other in zip(found, least, strict=True))


async def eventually(condition: Callable[[], Any], within: float = 300.0) -> None:
    """Wait until *condition* holds, at most *within* seconds."""
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, "it never came to be"
        await asyncio.sleep(0.005)


async def until(condition: Callable[[], Awaitable[bool]], within: float = 300.0) -> float:
    """Await *condition* until it holds, at most *within* seconds, and return how long that took."""
    start = time.monotonic()
    while not await condition():
        assert time.monotonic() - start < within, "it never came to be"
        await asyncio.sleep(0.01)
    return time.monotonic() - start


@dataclass
class Received:
    """A request as a sink saw it."""

    at: float
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def extensions(self) -> dict[str, str]:
        return {name: value for name, value in self.headers.items() if name.startswith("ce-knativeerror")}


@dataclass
class Sink:
    """An HTTP server: `/<name>` answers as `answers[name]` says, 204 without; what it gets is in `got[name]`."""

    url: str
    answers: dict[str, Answer] = field(default_factory=dict)
    got: dict[str, list[Received]] = field(default_factory=dict)
    running: dict[str, int] = field(default_factory=dict)
    most: dict[str, int] = field(default_factory=dict)

    def calls(self, name: str) -> list[Received]:
        return self.got.get(name, [])

    def gaps(self, name: str) -> list[float]:
        times = [one.at for one in self.calls(name)]
        return [round(after - before, 2) for before, after in itertools.pairwise(times)]

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        received = Received(time.monotonic(), request.path, headers, await request.read())
        name = request.path.strip("/")
        self.got.setdefault(name, []).append(received)
        self.running[name] = self.running.get(name, 0) + 1
        self.most[name] = max(self.most.get(name, 0), self.running[name])
        try:
            answer = self.answers.get(name)
            return await answer(received) if answer else web.Response(status=204)
        finally:
            self.running[name] -= 1


@asynccontextmanager
async def sink() -> AsyncIterator[Sink]:
    """Run a sink on a port of its own."""
    found = Sink("")
    runner = web.ServerRunner(web.Server(found.handle), shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    found.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield found
    finally:
        await runner.cleanup()


def always(status: int, body: str = "", **headers: str) -> Answer:
    """Answer everything alike."""

    async def answer(_: Received) -> web.Response:
        await asyncio.sleep(0)
        return web.Response(status=status, text=body, headers={k.replace("_", "-"): v for k, v in headers.items()})

    return answer


def slowly(seconds: float, status: int = 204) -> Answer:
    """Answer after a while."""

    async def answer(_: Received) -> web.Response:
        await asyncio.sleep(seconds)
        return web.Response(status=status)

    return answer


def delivery(retry: int, delay: str = "PT0.1S", policy: str = "linear", **more: Any) -> Manifest:
    """Return a `delivery` with short waits."""
    return {"retry": retry, "backoffPolicy": policy, "backoffDelay": delay, **more}


def trigger(name: str, uri: str, delivery: Manifest | None = None, **spec: Any) -> Manifest:
    """Return a Trigger on events of type `t.<name>`, unless *spec* says otherwise."""
    if "filter" not in spec and "filters" not in spec:
        spec["filter"] = {"attributes": {"type": f"t.{name}"}}
    body = {"broker": "default", "subscriber": {"uri": uri}, **spec}
    if delivery:
        body["delivery"] = delivery
    return {
        "apiVersion": "eventing.knative.dev/v1",
        "kind": "Trigger",
        "metadata": {"name": name, "namespace": "sample"},
        "spec": body,
    }


def broker(stream: Manifest | None = None, consumer: Manifest | None = None) -> list[Manifest]:
    """Return a Broker and its channel template."""
    channel = {
        "apiVersion": "messaging.knative.dev/v1alpha1",
        "kind": "NatsJetStreamChannel",
        "spec": {"stream": {"config": stream or {}}, "consumerConfigTemplate": consumer or {"deliverPolicy": "New"}},
    }
    reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": "channel"}
    return [
        {
            "apiVersion": "eventing.knative.dev/v1",
            "kind": "Broker",
            "metadata": {"name": "default", "namespace": "sample"},
            "spec": {"config": reference},
        },
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "channel", "namespace": "sample"},
            "data": {"channel-template-spec": yaml.safe_dump(channel)},
        },
    ]


def service(name: str = "toy", annotations: dict[str, str] | None = None, **spec: Any) -> Manifest:
    """Return a Service; *annotations* are those of the autoscaler, without their prefix."""
    prefixed = {f"autoscaling.knative.dev/{key}": value for key, value in (annotations or {}).items()}
    return {
        "apiVersion": "serving.knative.dev/v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": "sample", "labels": {"team": "x"}},
        "spec": {
            "template": {"metadata": {"annotations": prefixed}, "spec": {"containers": [{"image": "toy"}], **spec}}
        },
    }


def write_project(folder: Path, *manifests: Manifest) -> Path:
    """Write *manifests* as a project, in place of those that were there."""
    for part in ("knative/base", "triggers", "functions"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    (folder / "knative" / "base" / "all.yaml").write_text(yaml.safe_dump_all(manifests), encoding="utf-8")
    return folder


def write_function(folder: Path, name: str, source: str) -> None:
    """Write the function *name* of the project that `running` runs in *folder*."""
    home = folder / "project" / "functions" / name
    home.mkdir(parents=True, exist_ok=True)
    (home / "main.py").write_text(textwrap.dedent(source), encoding="utf-8")


def to_service(manifest: Manifest, name: str) -> Manifest:
    """Return the Trigger *manifest* with the Service *name* as its subscriber."""
    reference = {"apiVersion": "serving.knative.dev/v1", "kind": "Service", "name": name}
    manifest["spec"]["subscriber"] = {"ref": reference}
    return manifest


def processes() -> dict[int, tuple[int, str]]:
    """Return parent and command of every process that has not ended."""
    table = subprocess.run(
        ["ps", "-axww", "-o", "pid=", "-o", "ppid=", "-o", "stat=", "-o", "args="],
        capture_output=True,
        text=True,
        check=True,
    )
    rows = (line.split(None, 3) for line in table.stdout.splitlines())
    return {int(row[0]): (int(row[1]), row[3]) for row in rows if len(row) == 4 and not row[2].startswith("Z")}


def descendants(pid: int) -> set[int]:
    """Return the ids of all processes that *pid* started, and those that they did."""
    table = processes()
    found: set[int] = set()
    while new := {one for one, (parent, _) in table.items() if parent in found | {pid}} - found:
        found |= new
    return found


class Rig:
    """A running broker, and how to post to it."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self._client = Client.of(stack.ingress_url)
        self._front = Client.of(stack.url)

    async def post(
        self, kind: str, data: bytes = b"{}", content_type: str = "application/json", **attributes: str
    ) -> int:
        """Post an event of type `t.<kind>` in binary mode and return the status."""
        event = {"specversion": "1.0", "id": f"id-{next(_ids)}", "source": "/test", "type": f"t.{kind}"} | attributes
        headers = [(f"ce-{name}".encode(), value.encode()) for name, value in event.items()]
        return (await self.send("POST", [*headers, (b"content-type", content_type.encode())], data)).status

    async def post_structured(self, event: Manifest) -> int:
        """Post *event* in structured mode and return the status."""
        headers = [(b"content-type", b"application/cloudevents+json; charset=utf-8")]
        return (await self.send("POST", headers, json.dumps(event).encode())).status

    async def send(
        self, method: str, headers: list[tuple[bytes, bytes]], body: bytes = b"", path: str = "/sample/default"
    ) -> Response:
        """Send any request to the ingress."""
        return await self._client.send(Request(method, path, headers, body))

    async def settled(self, within: float = 300.0) -> None:
        """Wait until every Trigger is done with every event, as seen a few times over.

        The server counts what a consumer has before it a moment after it has confirmed an event.
        """
        seen = 0

        async def done() -> bool:
            nonlocal seen
            seen = 0 if any((await self.stack.backlog()).values()) else seen + 1
            return seen > 3

        await until(done, within)

    async def ask(self, target: str = "/", body: bytes = b"", method: str = "POST") -> Response:
        """Send a request to the front."""
        return await self._front.send(Request(method, target, [(b"x-test", b"yes")], body))

    def close(self) -> None:
        self._client.close()
        self._front.close()


@asynccontextmanager
async def running(
    folder: Path,
    *manifests: Manifest,
    profile: str = "natss",
    channel: list[Manifest] | None = None,
    window: float | None = None,
) -> AsyncIterator[Rig]:
    """Run a broker and *manifests* on the data in *folder*, without a store."""
    options = Options(
        project=write_project(folder / "project", *(channel or broker()), *manifests),
        data_dir=folder / "data",
        mongodb_uri="mongodb://unused",
        profile=Profile(profile),
        window=window,
    )
    async with Stack(options) as stack:
        rig = Rig(stack)
        try:
            yield rig
        finally:
            rig.close()


def with_sink(test: Callable[[Sink, Path], Coroutine[Any, Any, None]], folder: Path) -> None:
    """Run *test* with a sink."""

    async def run() -> None:
        async with sink() as there:
            await test(there, folder)

    asyncio.run(run())
