"""What the stack tells of itself, and what its functions counted."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from prometheus_client.parser import text_string_to_metric_families
from tests.local.rig import (
    Received,
    Rig,
    Sink,
    always,
    delivery,
    eventually,
    running,
    service,
    sink,
    trigger,
    until,
    with_sink,
    write_function,
)

from picket.effects.telemetry.names import METRICS
from picket.local.wire import Client, Request

pytestmark = pytest.mark.stack

COUNTING = """
    from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

    registry = CollectorRegistry()
    calls = Counter("calls_total", "Calls.", ["path"], registry=registry)
    last = Gauge("last", "The last.", registry=registry, multiprocess_mode="mostrecent")
    took = Histogram("took_seconds", "How long.", buckets=(1, 2), registry=registry)

    def main(request):
        calls.labels(request.path).inc()
        last.set(float(request.args["last"]))
        took.observe(1.5)
        return "done"
"""


async def status(rig: Rig) -> dict[str, Any]:
    answer = await rig.ask("/-/status", method="GET")
    assert answer.status == 200
    return dict(json.loads(answer.body))


async def of_trigger(rig: Rig, name: str) -> dict[str, Any]:
    return next(one for one in (await status(rig))["triggers"] if one["name"] == name)


async def numbers(rig: Rig) -> dict[tuple[str, ...], float]:
    answer = await rig.ask("/metrics", method="GET")
    assert (answer.status, dict(answer.headers)[b"Content-Type"][:10]) == (200, b"text/plain")
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.body.decode())
        for sample in family.samples
    }


def test_a_trigger_tells_what_waits_since_when_and_what_became_of_the_rest(tmp_path: Path) -> None:
    async def run(there: Sink, folder: Path) -> None:
        go = asyncio.Event()

        async def wait(_: Received) -> web.Response:
            await go.wait()
            return web.Response(status=204)

        there.answers["a"] = wait
        async with running(folder, trigger("a", f"{there.url}/a"), trigger("b", f"{there.url}/b")) as rig:
            assert await rig.post("a") == await rig.post("a") == await rig.post("b") == 202
            await eventually(lambda: len(there.calls("a")) == 2)
            held = await of_trigger(rig, "a")
            assert (held["backlog"], held["in_flight"]) == (2, 2)
            assert held["oldest_seconds"] > 0
            go.set()
            await rig.settled()
            done = await of_trigger(rig, "a")
            assert (done["backlog"], done["in_flight"], done["oldest_seconds"]) == (0, 0, 0)
            assert done["outcomes"] == {"done": 2, "retried": 0, "dead_lettered": 0, "lost": 0}

    with_sink(run, tmp_path)


@pytest.mark.parametrize("profile", ["natss", "spec"])
def test_attempts_are_counted_by_what_became_of_them(tmp_path: Path, profile: str) -> None:
    async def run(there: Sink, folder: Path) -> None:
        there.answers |= {"bad": always(500), "odd": always(400), "full": always(500)}
        letters: dict[str, Any] = {"deadLetterSink": {"uri": f"{there.url}/letters"}}
        nowhere: dict[str, Any] = {"deadLetterSink": {"uri": f"{there.url}/full"}}
        async with running(
            folder,
            trigger("bad", f"{there.url}/bad", delivery(2, **letters)),
            trigger("odd", f"{there.url}/odd", delivery(2)),
            trigger("lost", f"{there.url}/bad", delivery(1, **nowhere)),
            profile=profile,
        ) as rig:
            for kind in ("bad", "odd", "lost"):
                await rig.post(kind)
            await rig.settled()
            found = {one["name"]: one["outcomes"] for one in (await status(rig))["triggers"]}
            assert found == {
                "bad": {"done": 0, "retried": 2, "dead_lettered": 1, "lost": 0},
                "odd": {"done": 0, "retried": 0, "dead_lettered": 0, "lost": 1},
                "lost": {"done": 0, "retried": 1, "dead_lettered": 0, "lost": 1},
            }
            scraped = await numbers(rig)
            assert scraped["picket_trigger_deliveries_total", "dead_lettered", "bad"] == 1
            assert scraped["picket_trigger_deliveries_total", "lost", "lost"] == 1

    with_sink(run, tmp_path)


def test_a_function_tells_its_replicas_their_work_and_what_they_use(tmp_path: Path) -> None:
    write_function(tmp_path, "api", "import time\ndef main(request):\n    time.sleep(1)\n    return 'x'\n")

    async def run() -> None:
        async with running(tmp_path, service("api", {"max-scale": "3"})) as rig:
            asked = asyncio.create_task(rig.ask())
            await eventually(lambda: rig.stack.pids("api"))
            [function] = (await status(rig))["functions"]
            [replica] = function.pop("replicas")
            assert function == {"name": "api", "max_scale": 3, "starts": 1, "waiting": 0, "in_flight": 1}
            assert (replica["pid"], replica["in_flight"]) == (rig.stack.pids("api")[0], 1)
            assert replica["rss_bytes"] > 1_000_000
            assert (await asked).status == 200
            servers = {one["name"]: one for one in (await status(rig))["servers"]}
            assert set(servers) == {"stack", "nats-server"}
            assert servers["stack"]["pid"] == os.getpid()

    asyncio.run(run())


def test_what_functions_count_outlives_replicas_that_idle_and_that_are_killed(tmp_path: Path) -> None:
    write_function(tmp_path, "api", COUNTING)

    async def run() -> None:
        async with running(tmp_path, service("api"), window=0.3) as rig:
            assert (await rig.ask("/a?last=1")).status == 200
            os.killpg(rig.stack.pids("api")[0], signal.SIGKILL)
            await eventually(lambda: not rig.stack.pids("api"))
            assert (await rig.ask("/a?last=3")).status == 200
            assert (await rig.ask("/b?last=2")).status == 200
            before = await numbers(rig)
            await eventually(lambda: not rig.stack.pids("api"))
            folder = tmp_path / "data" / "run" / "numbers"
            await eventually(lambda: [one.name for one in folder.iterdir()] == ["retired"])
            after = await numbers(rig)

        for found in (before, after):
            assert (found["calls_total", "/a"], found["calls_total", "/b"], found["last",]) == (2, 1, 2)
            assert [found["took_seconds_bucket", bound] for bound in ("1.0", "2.0", "+Inf")] == [0, 3, 3]
            assert (found["took_seconds_sum",], found["took_seconds_count",]) == (4.5, 3)
        assert (before["picket_function_replicas", "api"], after["picket_function_replicas", "api"]) == (1, 0)
        assert after["picket_function_starts_total", "api"] == 2

    asyncio.run(run())


def test_the_stack_tells_every_number_that_the_table_says_is_its_own(tmp_path: Path) -> None:
    async def run(there: Sink, folder: Path) -> None:
        async with running(folder, service("api"), trigger("a", f"{there.url}/a")) as rig:
            names = {key[0] for key in await numbers(rig)}
            assert names == {metric.name for metric in METRICS if metric.origin == "stack"}

    with_sink(run, tmp_path)


def test_while_nats_does_not_answer_the_rest_is_told(tmp_path: Path) -> None:
    async def run(there: Sink, folder: Path) -> None:
        async with running(folder, service("api"), trigger("a", f"{there.url}/a")) as rig:
            pid = rig.stack.status()["servers"]["nats-server"]
            assert isinstance(pid, int)
            os.kill(pid, signal.SIGSTOP)
            try:
                one = await of_trigger(rig, "a")
                scraped = await numbers(rig)
            finally:
                os.kill(pid, signal.SIGCONT)
            assert (one["backlog"], one["oldest_seconds"]) == (None, None)
            assert ("picket_function_replicas", "api") in scraped
            assert ("picket_trigger_backlog_events", "a") not in scraped

            async def answers_again() -> bool:
                return bool((await of_trigger(rig, "a"))["backlog"] == 0)

            await until(answers_again, 20)

    with_sink(run, tmp_path)


@pytest.mark.parametrize("target", ["/-/status", "/metrics"])
def test_a_page_of_another_site_learns_nothing(tmp_path: Path, target: str) -> None:
    async def run() -> None:
        async with running(tmp_path) as rig:
            client = Client.of(rig.stack.url)
            hostile = await client.send(Request("GET", target, [(b"host", b"evil.example:80")]))
            posted = await client.send(Request("POST", target, []))
            client.close()
            assert (hostile.status, posted.status) == (421, 405)

    asyncio.run(run())


def test_what_an_earlier_stack_counted_is_forgotten(tmp_path: Path) -> None:
    write_function(tmp_path, "api", COUNTING)

    async def run() -> None:
        async with running(tmp_path, service("api")) as rig:
            await rig.ask("/a?last=1")
            assert ("calls_total", "/a") in await numbers(rig)
        async with running(tmp_path, service("api")) as rig, sink():
            assert ("calls_total", "/a") not in await numbers(rig)

    asyncio.run(run())
