"""Functions as real functions-framework processes, from zero and back."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest
from tests.local.rig import (
    broker,
    delivery,
    descendants,
    eventually,
    processes,
    running,
    service,
    sink,
    to_service,
    trigger,
    until,
    write_function,
)

from picket.local import activator
from picket.local.replica import Gone
from picket.local.resources import Service
from picket.local.wire import Request, Response

pytestmark = pytest.mark.stack

WHO = """
    import os, time

    def main(request):
        started = time.monotonic()
        time.sleep(float(request.args.get("sleep", 0)))
        return {"pid": os.getpid(), "from": started, "to": time.monotonic()}
"""


def overlapping(answers: list[dict[str, Any]]) -> int:
    """Return how many of the requests that *answers* tell of were under way at once, at most."""
    spans = [(float(one["from"]), float(one["to"])) for one in answers]
    return max(sum(start <= moment < end for start, end in spans) for moment, _ in spans)


def test_a_function_starts_on_its_first_request_and_stops_after_its_window(tmp_path: Path) -> None:
    write_function(tmp_path, "api", WHO)

    async def run() -> None:
        async with running(tmp_path, service("api"), window=0.3) as rig:
            assert rig.stack.pids("api") == []
            first = await rig.ask()
            assert first.status == 200
            pids = rig.stack.pids("api")
            family = set(pids) | descendants(pids[0])
            assert json.loads(first.body)["pid"] in family
            again = await rig.ask()
            assert json.loads(again.body)["pid"] == json.loads(first.body)["pid"]
            await eventually(lambda: rig.stack.pids("api") == [])
            await eventually(lambda: not family & set(processes()))
            assert (await rig.ask()).status == 200

    asyncio.run(run())


def test_requests_that_come_while_a_function_starts_are_held(tmp_path: Path) -> None:
    write_function(tmp_path, "api", "import time; time.sleep(0.5)\n" + WHO.replace("\n    ", "\n"))

    async def run() -> None:
        async with running(tmp_path, service("api", {"max-scale": "1"})) as rig:
            answers = await asyncio.gather(*(rig.ask() for _ in range(20)))
            assert {one.status for one in answers} == {200}
            assert len({json.loads(one.body)["pid"] for one in answers}) == 1

    asyncio.run(run())


def test_replicas_take_what_containerconcurrency_says_and_there_are_max_scale_of_them(tmp_path: Path) -> None:
    write_function(tmp_path, "api", WHO)

    async def run() -> None:
        async with running(tmp_path, service("api", {"max-scale": "2"}, containerConcurrency=2)) as rig:
            early = asyncio.gather(*(rig.ask("/?sleep=0.5") for _ in range(8)))
            await eventually(lambda: len(rig.stack.pids("api")) == 2)
            responses = await asyncio.gather(*(rig.ask("/?sleep=0.5") for _ in range(6))) + await early
            answers = [json.loads(one.body) for one in responses]
            by_pid = {pid: [one for one in answers if one["pid"] == pid] for pid in {one["pid"] for one in answers}}
            assert len(by_pid) == len(rig.stack.pids("api")) == 2
            assert [overlapping(one) for one in by_pid.values()] == [2, 2]

    asyncio.run(run())


def test_min_scale_replicas_run_before_anything_comes_and_stay(tmp_path: Path) -> None:
    write_function(tmp_path, "api", WHO)

    async def run() -> None:
        async with running(tmp_path, service("api", {"min-scale": "1"}), window=0.05) as rig:
            await eventually(lambda: rig.stack.pids("api"))
            warm = rig.stack.pids("api")
            await rig.ask()
            await asyncio.sleep(0.3)
            assert rig.stack.pids("api") == warm
            os.kill(warm[0], signal.SIGKILL)
            await eventually(lambda: rig.stack.pids("api") not in ([], warm))

    asyncio.run(run())


@pytest.mark.parametrize(("labels", "replicas"), [({activator.SCALE_LABEL: "cores"}, 2), ({}, 9)])
def test_what_keeps_a_core_busy_gets_as_many_replicas_as_there_are_cores(
    monkeypatch: pytest.MonkeyPatch, labels: dict[str, str], replicas: int
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    scanner = Service("scan", "x", labels, {}, concurrency=1, target=100, min_scale=0, max_scale=9, window=60)
    assert activator._max_scale(scanner) == replicas


def test_an_event_whose_replica_is_killed_is_redelivered_to_another(tmp_path: Path) -> None:
    write_function(
        tmp_path,
        "toy",
        """
        import pathlib, time

        def main(request):
            log = pathlib.Path(__file__).with_name("calls")
            first = not log.exists()
            with log.open("a") as file:
                file.write(request.headers["ce-id"] + "\\n")
            time.sleep(30 if first else 0)
            return "", 204
        """,
    )
    calls = tmp_path / "project" / "functions" / "toy" / "calls"

    async def run() -> None:
        one = to_service(trigger("a", "http://x/", delivery(3, "PT0.1S")), "toy")
        async with running(tmp_path, service("toy"), one) as rig:
            assert await rig.post("a", id="it") == 202
            await eventually(calls.exists)
            killed = rig.stack.pids("toy")
            family = set(killed) | descendants(killed[0])
            os.kill(killed[0], signal.SIGKILL)
            await rig.settled()
            assert calls.read_text().split() == ["it", "it"]
            assert not set(rig.stack.pids("toy")) & set(killed)
            assert not family & set(processes())  # its worker would have gone on

    asyncio.run(run())


class Ended:
    """A replica whose process has ended, unnoticed until it is asked."""

    load = 0
    ready = True
    idle_since = 0.0

    def __init__(self, *answers: Exception | Response) -> None:
        self.answers = list(answers)
        self.child = self
        self.running = True
        self.pid = 1

    async def send(self, _: Request) -> Response:
        await asyncio.sleep(0)
        self.running = bool(self.answers[1:])
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def wait(self) -> int:
        await eventually(lambda: not self.running)
        return 0

    async def stop(self, _: float) -> None:
        await asyncio.sleep(0)

    def close(self) -> None:
        self.answers.clear()


def test_a_request_that_reached_nobody_is_sent_to_another_replica() -> None:
    replicas = [Ended(Gone()), Ended(Response(204))]
    toy = Service("toy", "x", {}, {}, concurrency=1, target=1, min_scale=0, max_scale=1, window=60)

    async def run() -> Response:
        start: Any = lambda _: replicas.pop(0)  # noqa: E731 - a type for it would be longer than it
        function = activator.Function(toy, start, window=None, max_scale=1)
        response = await function.send(Request("POST", "/", []))
        await function.close()
        return response

    assert asyncio.run(run()).status == 204


def test_a_killed_replica_is_not_asked_again(tmp_path: Path) -> None:
    write_function(tmp_path, "api", WHO)

    async def run() -> None:
        async with running(tmp_path, service("api")) as rig:
            await rig.ask()
            killed = rig.stack.pids("api")
            os.kill(killed[0], signal.SIGKILL)
            await eventually(lambda: rig.stack.pids("api") == [])
            assert (await rig.ask()).status == 200
            assert rig.stack.pids("api") != killed

    asyncio.run(run())


def test_a_function_that_does_not_start_says_why_and_is_tried_again(tmp_path: Path) -> None:
    write_function(tmp_path, "api", 'raise RuntimeError("no luck today")')

    async def run() -> None:
        async with running(tmp_path, service("api")) as rig:
            for _ in range(3):  # the second and third are answered within the back-off
                response = await rig.ask()
                assert response.status == 503
                assert b"no luck today" in response.body
                assert (b"Retry-After", b"1") in [(name.title(), value) for name, value in response.headers]
            write_function(tmp_path, "api", WHO)

            async def works() -> bool:
                return (await rig.ask()).status == 200

            await until(works)

    asyncio.run(run())


def test_an_event_waits_for_a_function_that_does_not_start(tmp_path: Path) -> None:
    write_function(tmp_path, "toy", "raise SystemExit(3)")

    async def run() -> None:
        one = to_service(trigger("a", "http://x/", delivery(8, "PT0.3S")), "toy")
        async with running(tmp_path, service("toy"), one) as rig:
            await rig.post("a")
            await eventually(lambda: rig.stack.pids("toy"))
            await eventually(lambda: not rig.stack.pids("toy"))
            write_function(tmp_path, "toy", 'def main(request):\n    return "", 204\n')
            await rig.settled()

    asyncio.run(run())


def test_a_function_finds_what_it_needs_in_its_environment_and_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNRELATED_TOKEN", "x")
    monkeypatch.setenv("PICKET_RULES", "/rules.toml")
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    write_function(tmp_path, "api", "import os\n\ndef main(request):\n    return dict(os.environ)\n")
    binding = {
        "apiVersion": "sources.knative.dev/v1",
        "kind": "SinkBinding",
        "metadata": {"name": "emitters", "namespace": "sample"},
        "spec": {
            "subject": {"apiVersion": "serving.knative.dev/v1", "kind": "Service", "name": "api"},
            "sink": {"ref": {"apiVersion": "eventing.knative.dev/v1", "kind": "Broker", "name": "default"}},
            "ceOverrides": {"extensions": {"zone": "eu"}},
        },
    }
    container = {"image": "x", "env": [{"name": "GREETING", "value": "hello"}]}
    toy = service("api", containerConcurrency=7, containers=[container])

    async def environment() -> dict[str, str]:
        async with running(tmp_path, toy, binding) as rig:
            found: dict[str, str] = json.loads((await rig.ask()).body)
            assert found["K_SINK"] == f"{rig.stack.ingress_url}/sample/default"
            assert found["PICKET_PUBLIC_URL"] == rig.stack.url
            return found

    found = asyncio.run(environment())
    expected = {
        "K_SERVICE": "api",
        "K_CONFIGURATION": "api",
        "K_REVISION": "api-00001",
        "K_CE_OVERRIDES": '{"extensions": {"zone": "eu"}}',
        "HOST": "127.0.0.1",
        "THREADS": "8",
        "CLOUD_RUN_TIMEOUT_SECONDS": "0",
        "PYTHONUNBUFFERED": "1",
        "MONGODB_URI": "mongodb://unused",
        "PICKET_DATA_DIR": str(tmp_path / "data"),
        "PICKET_ALLOW_LOCAL_REPOSITORIES": "false",
        "PICKET_RULES": "/rules.toml",
        "PYTHONPATH": "/nowhere",
        "GREETING": "hello",
    }
    assert expected.items() <= found.items()
    assert "UNRELATED_TOKEN" not in found
    again = asyncio.run(environment())
    for key in ("PICKET_HASH_KEY", "PICKET_ENCRYPTION_KEY"):
        assert found[key] == again[key] != ""
    assert (tmp_path / "data" / "keys.json").stat().st_mode & 0o777 == 0o600


ECHO = """
    from flask import Response

    def main(request):
        answer = Response(request.method + " " + request.full_path + " " + str(len(request.get_data())), 418)
        answer.headers.add("Set-Cookie", "a=1")
        answer.headers.add("Set-Cookie", "b=2")
        answer.headers["X-Saw"] = "NAME " + request.headers.get("X-Test", "")
        return answer
"""


def test_the_front_passes_requests_on_as_they_are(tmp_path: Path) -> None:
    for name in ("ingest", "api"):
        write_function(tmp_path, name, ECHO.replace("NAME", name))

    async def run() -> None:
        async with running(tmp_path, service("ingest"), service("api")) as rig:
            accepted = await rig.ask("/in/github/a%2Fb?x=1&y=%20", b"body")
            assert (accepted.status, accepted.body) == (418, b"POST /in/github/a/b?x=1&y=%20 4")
            headers = [(name.lower(), value) for name, value in accepted.headers]
            assert (b"x-saw", b"ingest yes") in headers
            assert [value for name, value in headers if name == b"set-cookie"] == [b"a=1", b"b=2"]
            for target in ("/", "/in", "/inside/x", "/scans/in/x"):
                other = await rig.ask(target, method="GET")
                assert (b"X-Saw", b"api yes") in other.headers
            assert (await rig.ask("/", method="HEAD")).body == b""
            large = b"x" * (25 * 1024 * 1024 + 1)
            assert (await rig.ask("/in/x", large)).status == 418  # ingest's own limit is for ingest to tell
            assert (await rig.ask("/in/x", large + b"x" * 1024 * 1024)).status == 413

    asyncio.run(run())


def test_a_client_that_waits_to_be_asked_for_its_body_is_asked(tmp_path: Path) -> None:
    """As curl does for a large one; it would wait a second for nothing."""
    write_function(tmp_path, "api", ECHO)

    async def run() -> None:
        async with running(tmp_path, service("api")) as rig:
            reader, writer = await asyncio.open_connection("127.0.0.1", int(rig.stack.url.rpartition(":")[2]))
            writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n")
            assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
            writer.write(b"body")
            assert (await reader.readline()).startswith(b"HTTP/1.1 418")
            writer.close()
            await writer.wait_closed()

    asyncio.run(run())


def test_without_the_function_the_front_answers_404(tmp_path: Path) -> None:
    async def run() -> None:
        async with running(tmp_path, service("api")) as rig:
            assert (await rig.ask("/in/x")).status == 404

    asyncio.run(run())


def test_one_function_posts_to_the_broker_and_another_gets_it(tmp_path: Path) -> None:
    write_function(
        tmp_path,
        "ingest",
        """
        import os, urllib.request

        def main(request):
            headers = {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/i", "ce-type": "t.a"}
            event = urllib.request.Request(os.environ["K_SINK"], request.get_data(), headers)
            return "", urllib.request.urlopen(event).status
        """,
    )
    binding = {
        "apiVersion": "sources.knative.dev/v1",
        "kind": "SinkBinding",
        "metadata": {"name": "emitters", "namespace": "sample"},
        "spec": {
            "subject": {
                "apiVersion": "serving.knative.dev/v1",
                "kind": "Service",
                "selector": {"matchLabels": {"team": "x"}},
            },
            "sink": {"ref": {"apiVersion": "eventing.knative.dev/v1", "kind": "Broker", "name": "default"}},
        },
    }

    async def run() -> None:
        async with sink() as there:
            one = trigger("a", f"{there.url}/a")
            async with running(tmp_path, service("ingest"), binding, one, channel=broker()) as rig:
                assert (await rig.ask("/in/x", b"7")).status == 202
                await eventually(lambda: there.calls("a"))
                assert there.calls("a")[0].body == b"7"

    asyncio.run(run())
