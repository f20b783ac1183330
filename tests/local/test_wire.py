"""The client beside servers that answer in every way HTTP/1.1 allows, and some it does not."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from picket.local import wire
from picket.local.wire import Client, Refused, Request, Response, Unreachable

GET = Request("GET", "/", [])


@asynccontextmanager
async def server(answers: Callable[[int], bytes], *, close: bool = False) -> AsyncIterator[tuple[int, list[int]]]:
    """Serve `answers(n)` to the n-th request; yield the port and a list with an entry for each connection."""
    connections: list[int] = []
    writers: list[asyncio.StreamWriter] = []
    count = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal count
        connections.append(count)
        writers.append(writer)
        while await reader.read(65536):
            writer.write(answers(count))
            count += 1
            await writer.drain()
            if close:
                break
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as listening:
        yield listening.sockets[0].getsockname()[1], connections
    for writer in writers:
        writer.close()
    await asyncio.gather(*asyncio.all_tasks() - {asyncio.current_task()})  # the handlers end with their connections


def ask(answer: bytes, request: Request = GET, *, close: bool = False) -> Response:
    async def run() -> Response:
        async with server(lambda _: answer, close=close) as (port, _):
            client = Client("127.0.0.1", port)
            try:
                return await client.send(request)
            finally:
                client.close()
                await asyncio.sleep(0)

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("answer", "status", "body"),
    [
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", 200, b"hi", id="length"),
        pytest.param(b"HTTP/1.1 204 No Content\r\n\r\n", 204, b"", id="no content"),
        pytest.param(
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 202 X\r\nContent-Length: 0\r\n\r\n", 202, b"", id="interim"
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nT: 1\r\n\r\n",
            200,
            b"abcde",
            id="chunks and a trailer",
        ),
    ],
)
def test_answers(answer: bytes, status: int, body: bytes) -> None:
    response = ask(answer)
    assert (response.status, response.body) == (status, body)


def test_a_body_may_end_with_the_connection() -> None:
    assert ask(b"HTTP/1.0 200 OK\r\n\r\nall of it", close=True).body == b"all of it"


def test_a_head_request_has_no_body() -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: keep-alive\r\nX: y\r\n\r\n"
    response = ask(answer, Request("HEAD", "/", []))
    assert (response.body, response.headers) == (b"", [(b"Content-Length", b"9"), (b"X", b"y")])


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort",
        b"SSH-2.0\r\n\r\n",
        b"HTTP/1.1 x\r\n\r\n",
    ],
)
def test_half_an_answer_is_none(answer: bytes) -> None:
    with pytest.raises(Unreachable):
        ask(answer, close=True)


def test_nobody_there_is_told_from_a_broken_connection() -> None:
    async def run() -> None:
        await Client("127.0.0.1", 1).send(GET)

    with pytest.raises(Refused):
        asyncio.run(run())


@pytest.mark.parametrize(
    ("header", "idle", "connections"),
    [
        pytest.param(b"", 10.0, 1, id="kept alive"),
        pytest.param(b"Connection: close\r\n", 10.0, 2, id="closed by the server"),
        pytest.param(b"", 0.0, 2, id="idle for too long"),
    ],
)
def test_which_connections_are_used_again(
    monkeypatch: pytest.MonkeyPatch, header: bytes, idle: float, connections: int
) -> None:
    monkeypatch.setattr(wire, "IDLE_SECONDS", idle)
    answer = b"HTTP/1.1 200 OK\r\n" + header + b"Content-Length: 0\r\n\r\n"

    async def run() -> int:
        async with server(lambda _: answer) as (port, opened):
            client = Client("127.0.0.1", port)
            for _ in range(2):
                await client.send(GET)
            client.close()
            await asyncio.sleep(0)
            return len(opened)

    assert asyncio.run(run()) == connections


def test_a_cancelled_request_takes_its_connection_with_it() -> None:
    """Else the next request would read the answer to this one."""

    async def run() -> int:
        async with server(lambda number: b"" if number == 0 else b"HTTP/1.1 204 X\r\n\r\n") as (port, opened):
            client = Client("127.0.0.1", port)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(client.send(GET), 0.05)
            await client.send(GET)
            client.close()
            await asyncio.sleep(0)
            return len(opened)

    assert asyncio.run(run()) == 2
