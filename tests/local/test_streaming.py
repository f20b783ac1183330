"""Answers that last go through the front as they come, and count as work for as long as they last."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.local.rig import Rig, eventually, running, service, write_function

from picket.local.wire import Client, Request, Stream

pytestmark = pytest.mark.stack

FUNCTION = """
    import threading

    from flask import Response

    go = threading.Event()

    def main(request):
        if request.path == "/go":
            go.set()
            return "went"
        if request.path == "/gone/events":
            return Response("nothing here", status=404)

        def parts():
            yield "first "
            while not go.wait(0.05):
                yield "."
            yield "last"

        return Response(parts(), content_type="text/event-stream")
"""


@asynccontextmanager
async def opened(rig: Rig, target: str) -> AsyncIterator[Stream]:
    """Ask the front for an answer that lasts."""
    async with Client.of(rig.stack.url).stream(Request("GET", target, [])) as answer:
        yield answer


async def load(rig: Rig) -> int:
    answer = await rig.ask("/-/status", method="GET")
    return int(json.loads(answer.body)["functions"][0]["in_flight"])


def test_the_first_part_arrives_before_the_last_is_made(tmp_path: Path) -> None:
    write_function(tmp_path, "api", FUNCTION)

    async def run() -> None:
        async with running(tmp_path, service("api", {"max-scale": "1"}, containerConcurrency=4), window=0.1) as rig:
            async with opened(rig, "/x/events") as answer:
                assert (answer.status, dict(answer.headers)[b"Content-Type"][:17]) == (200, b"text/event-stream")
                assert await anext(answer.parts) == b"first "
                await asyncio.sleep(0.3)  # longer than its window: it is at work
                assert await load(rig) == 1
                assert (await rig.ask("/go")).body == b"went"
                rest = [part async for part in answer.parts]
            assert rest[-1] == b"last"
            await eventually(lambda: rig.stack.pids("api") == [])

    asyncio.run(run())


def test_a_reader_that_goes_away_frees_its_place(tmp_path: Path) -> None:
    write_function(tmp_path, "api", FUNCTION)

    async def run() -> None:
        async with running(tmp_path, service("api", {"max-scale": "1"}, containerConcurrency=1), window=5.0) as rig:
            async with opened(rig, "/x/events") as answer:
                await anext(answer.parts)
            assert (await rig.ask("/go")).body == b"went"  # there is one place, so the reader's is free

    asyncio.run(run())


def test_an_answer_ends_with_the_function_that_makes_it(tmp_path: Path) -> None:
    write_function(tmp_path, "api", FUNCTION)

    async def run() -> None:
        async with running(tmp_path, service("api")) as rig, opened(rig, "/x/events") as answer:
            await anext(answer.parts)
            os.killpg(rig.stack.pids("api")[0], signal.SIGKILL)
            assert {part async for part in answer.parts} <= {b"."}

    asyncio.run(run())


def test_a_function_that_does_not_start_is_a_503_here_as_well(tmp_path: Path) -> None:
    write_function(tmp_path, "api", "raise SystemExit('no')\n")

    async def run() -> None:
        async with running(tmp_path, service("api")) as rig, opened(rig, "/x/events") as answer:
            assert (answer.status, dict(answer.headers)[b"Retry-After"]) == (503, b"1")

    asyncio.run(run())


def test_an_error_passes_through(tmp_path: Path) -> None:
    write_function(tmp_path, "api", FUNCTION)

    async def run() -> None:
        async with running(tmp_path, service("api")) as rig, opened(rig, "/gone/events") as answer:
            assert answer.status == 404
            assert b"".join([part async for part in answer.parts]) == b"nothing here"

    asyncio.run(run())
