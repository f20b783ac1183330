"""The stack as a process: what it leaves behind, and what it goes on with."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pymongo
import pytest
from tests.local.rig import (
    Received,
    Rig,
    always,
    broker,
    delivery,
    descendants,
    eventually,
    processes,
    running,
    service,
    sink,
    slowly,
    trigger,
    write_function,
    write_project,
)

from picket.local import folder, reaper
from picket.local.folder import InUse
from picket.local.processes import Nursery
from picket.local.stack import Options, PortTaken, Stack
from picket.local.wire import Client, Request

pytestmark = pytest.mark.stack

PICKET = Path(sys.executable).with_name("picket")


def command_for(home: Path, *arguments: str) -> list[str]:
    """Return the command that runs the project in *home*."""
    where = ["--project", str(home / "project"), "--data-dir", str(home / "data"), "--port", "0"]
    return [str(PICKET), "up", *where, *arguments]


@contextmanager
def picket_up(home: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run `picket up` on the project in *home*; yield the process and its URL."""
    command = command_for(home, *arguments)
    with (
        (home / "stderr").open("w") as errors,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True) as process,
    ):
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.startswith("ready http://127.0.0.1:"), (home / "stderr").read_text()
            yield process, line.split()[1]
        finally:
            process.kill()


def gone(pids: set[int], within: float) -> None:
    """Wait until none of *pids* is running any more."""
    asyncio.run(eventually(lambda: not pids & set(processes()), within))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_no_process_is_left_and_no_other_is_touched(tmp_path: Path, number: signal.Signals) -> None:
    write_project(tmp_path / "project", *broker(), service("api", {"min-scale": "1"}))
    write_function(tmp_path, "api", 'def main(request):\n    return ""\n')
    with started(["sleep", "60"]) as bystander:
        with picket_up(tmp_path) as (process, _):
            asyncio.run(eventually(lambda: commands(descendants(process.pid)).count("functions_framework") == 2))
            family = descendants(process.pid)
            for server in ("nats-server", "nx-27017", "reaper.py"):
                assert server in commands(family)
            process.send_signal(number)
            process.wait(10)
            gone(family, within=8)
            if number is not signal.SIGKILL:
                assert process.returncode == 0
        assert bystander.poll() is None


@contextmanager
def started(command: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    """Run *command* for as long as the block lasts."""
    with subprocess.Popen(command, start_new_session=True, stdout=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            process.kill()


def commands(pids: set[int]) -> str:
    return " ".join(command for pid, (_, command) in processes().items() if pid in pids)


def test_the_reaper_kills_what_does_not_end_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reaper, "GRACE_SECONDS", 0.2)
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); time.sleep(60)"
    with started([sys.executable, "-c", deaf]) as process:
        assert process.stdout is not None
        process.stdout.read(1)
        reaper.reap({process.pid})
        assert process.wait(5) == -signal.SIGKILL


def test_the_reaper_leaves_alone_what_was_reported_gone() -> None:
    assert reaper.listed(["+10", "+11", "-10", "+12", "-12"]) == {11}


def test_a_killed_reaper_has_a_successor(tmp_path: Path) -> None:
    write_function(tmp_path, "api", 'def main(request):\n    return ""\n')

    def reapers() -> set[int]:
        return {pid for pid in descendants(os.getpid()) if "reaper.py" in commands({pid})}

    async def run() -> None:
        async with running(tmp_path, service("api")) as rig:
            (first,) = reapers()
            os.kill(first, signal.SIGKILL)
            await eventually(lambda: not reapers())
            assert (await rig.ask()).status == 200
            assert len(reapers()) == 1

    asyncio.run(run())


def test_the_only_line_on_standard_output_is_the_ready_one(tmp_path: Path) -> None:
    write_project(tmp_path / "project", *broker(), service("api"))
    write_function(tmp_path, "api", 'print("noise")\n\ndef main(request):\n    return "hello"\n')
    with picket_up(tmp_path) as (process, url):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("no_proxy", "127.0.0.1")
            answer = subprocess.run(["curl", "-s", url], capture_output=True, text=True, check=True)
        assert answer.stdout == "hello"
        process.send_signal(signal.SIGTERM)
        assert process.communicate(timeout=10)[0] == ""
    assert "noise" in (tmp_path / "data" / "logs" / "api.log").read_text()


@pytest.mark.parametrize("kill", [False, True], ids=["stopped", "killed"])
def test_a_restart_goes_on_where_it_stopped(tmp_path: Path, kill: bool) -> None:
    """With a backlog of 80: some of it tried in vain, some under way, the most of it not yet looked at."""

    async def run() -> None:
        async with sink() as there:
            there.answers["a"] = always(500)
            one = trigger("a", f"{there.url}/a", delivery(8, "PT0.2S", timeout="PT30S"))
            write_project(tmp_path / "project", *broker(consumer={"deliverPolicy": "New", "maxAckPending": 20}), one)
            sent = {f"id-{number}" for number in range(80)}
            with picket_up(tmp_path) as (process, _):
                addresses = json.loads((tmp_path / "data" / "run" / "stack.json").read_text())
                client = Client.of(addresses["ingress_url"])
                await asyncio.gather(*(post(client, name) for name in sent))
                client.close()
                await eventually(lambda: len(there.calls("a")) >= 20)
                there.answers["a"] = slowly(20)
                await eventually(lambda: there.running["a"] >= 5)
                process.send_signal(signal.SIGKILL if kill else signal.SIGTERM)
                await asyncio.to_thread(process.wait, 10)
            there.answers.clear()
            before = len(there.calls("a"))
            channel = broker(consumer={"deliverPolicy": "New", "maxAckPending": 20})
            async with running(tmp_path, one, channel=channel) as rig:
                await rig.settled()
            after = {call.headers["ce-id"] for call in there.calls("a")[before:]}
            assert after == sent

    asyncio.run(run())


async def post(client: Client, name: str) -> None:
    headers = [(b"ce-specversion", b"1.0"), (b"ce-id", name.encode()), (b"ce-source", b"/s"), (b"ce-type", b"t.a")]
    assert (await client.send(Request("POST", "/sample/default", headers))).status == 202


def test_a_second_stack_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    async def run() -> None:
        async with running(tmp_path):
            with pytest.raises(InUse, match=f"process {os.getpid()}"):
                async with running(tmp_path):
                    pass

    asyncio.run(run())


def test_the_reaper_keeps_the_folder_until_all_is_gone(tmp_path: Path) -> None:
    """A killed stack's servers may still be writing when the next one is started."""

    async def run() -> None:
        async with folder.locked(tmp_path) as lock:
            nursery = Nursery(lock)
        with pytest.raises(InUse):
            async with folder.locked(tmp_path):
                pass
        await nursery.close()
        async with folder.locked(tmp_path):
            pass

    asyncio.run(run())


def test_two_stacks_at_once_do_not_meet(tmp_path: Path) -> None:
    async def run() -> None:
        async with sink() as there:
            one, other = (trigger("a", f"{there.url}/{name}") for name in ("one", "other"))
            async with running(tmp_path / "one", one) as first, running(tmp_path / "other", other) as second:
                await first.post("a")
                await first.settled()
                await second.settled()
                assert (len(there.calls("one")), len(there.calls("other"))) == (1, 0)
                await refuses_without_its_token(second)

    asyncio.run(run())


async def refuses_without_its_token(rig: Rig) -> None:
    host, port = rig.stack.nats_url.partition("@")[2].split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b'CONNECT {"verbose":false}\r\nPING\r\n')
    async with asyncio.timeout(5):
        assert b"Authorization Violation" in await reader.read()
    writer.close()
    await writer.wait_closed()


def test_a_stack_can_use_a_nats_server_that_is_there(tmp_path: Path) -> None:
    async def run() -> None:
        async with sink() as there, running(tmp_path / "one") as owner:
            project = write_project(tmp_path / "project", *broker(), trigger("a", f"{there.url}/a"))
            options = Options(project, tmp_path / "data", nats_url=owner.stack.nats_url, mongodb_uri="mongodb://unused")
            async with Stack(options) as stack:
                assert stack.status()["servers"] == {}
                client = Client.of(stack.ingress_url)
                await post(client, "it")
                client.close()
                await eventually(lambda: there.calls("a"))

    asyncio.run(run())


def test_a_port_that_is_taken_is_an_error_with_a_way_out(tmp_path: Path) -> None:
    async def run() -> None:
        async with running(tmp_path / "one") as first:
            port = int(first.stack.url.rpartition(":")[2])
            project = write_project(tmp_path / "other" / "project", *broker())
            with pytest.raises(PortTaken, match="choose another with --port"):
                async with Stack(Options(project=project, data_dir=tmp_path / "other" / "data", port=port)):
                    pass

    asyncio.run(run())


def test_a_wrong_manifest_ends_the_command_with_file_and_key(tmp_path: Path) -> None:
    write_project(tmp_path / "project", *broker(), trigger("a", "http://x/", {"retry": 1}))
    result = subprocess.run(command_for(tmp_path), capture_output=True, text=True, check=False, timeout=20)
    assert (result.returncode, result.stdout) == (2, "")
    assert "base/all.yaml: spec.delivery.backoffPolicy: is missing" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_killed_store_comes_back_at_its_address_with_its_data(tmp_path: Path) -> None:
    project = write_project(tmp_path / "project", *broker())

    async def run() -> None:
        async with Stack(Options(project=project, data_dir=tmp_path / "data")) as stack:
            with pymongo.MongoClient[dict[str, object]](stack.mongodb_uri, serverSelectionTimeoutMS=8000) as client:
                things = client["toy"]["things"]
                await asyncio.to_thread(things.insert_one, {"_id": "kept", "value": 1})
                pid = stack.status()["servers"]["store"]
                assert isinstance(pid, int)
                os.kill(pid, signal.SIGKILL)
                await eventually(lambda: stack.status()["servers"]["store"] not in {0, pid})
                assert await asyncio.to_thread(things.find_one, {"_id": "kept"}) == {"_id": "kept", "value": 1}

    asyncio.run(run())


def test_a_pingsource_sends_its_event_on_schedule(tmp_path: Path) -> None:
    ping = {
        "apiVersion": "sources.knative.dev/v1",
        "kind": "PingSource",
        "metadata": {"name": "sweep", "namespace": "sample"},
        "spec": {
            "schedule": "* * * * * *",
            "contentType": "application/json",
            "data": '{"task":"sweep"}',
            "sink": {"ref": {"apiVersion": "eventing.knative.dev/v1", "kind": "Broker", "name": "default"}},
        },
    }

    async def run() -> None:
        async with sink() as there:
            one = trigger("a", f"{there.url}/a", filter={"attributes": {"type": "dev.knative.sources.ping"}})
            async with running(tmp_path, one, ping):
                await eventually(lambda: len(there.calls("a")) >= 2)
                received: Received = there.calls("a")[0]
                assert received.headers["ce-source"] == "/apis/v1/namespaces/sample/pingsources/sweep"
                assert received.body == b'{"task":"sweep"}'

    asyncio.run(run())
