"""A client that posts one request again and again: `python -m tests.benchmarks.load`, with an order as JSON.

Next to no code stands between the clock and the socket, so that the client's own share of the machine is small and the
same whatever it talks to. With a rate, a request's time counts from when it was due, not from when it could be sent.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Order:
    """What to post; `{n}` in a header is the number of the request.

    No more than `count` requests, and none begun after `seconds`, over `connections` connections that stay open; `rate`
    in requests a second, 0 for as fast as the answers come. A `file` has a JSON object a line, the headers and body of
    one request.
    """

    url: str
    body: str
    headers: dict[str, str]
    connections: int
    count: int
    seconds: float
    rate: float = 0.0
    file: str = ""


@dataclass(slots=True)
class Result:
    """Answers by status, the seconds it all took, and each request's milliseconds."""

    statuses: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    milliseconds: list[float] = field(default_factory=list)


async def run(order: Order) -> Result:
    """Post as ordered.

    Raises:
        OSError: The server broke a connection off.
    """
    result = Result()
    requests = enumerate(_requests(order))
    parts = urlsplit(order.url)
    streams = [await asyncio.open_connection(parts.hostname, parts.port) for _ in range(order.connections)]
    start = time.perf_counter()
    await asyncio.gather(*(_post_all(order, requests, start, result, stream) for stream in streams))
    result.seconds = time.perf_counter() - start
    for _, writer in streams:
        writer.close()
    return result


async def _post_all(
    order: Order,
    requests: Iterator[tuple[int, bytes]],
    start: float,
    result: Result,
    stream: tuple[asyncio.StreamReader, asyncio.StreamWriter],
) -> None:
    reader, writer = stream
    for number, request in requests:
        due = start + number / order.rate if order.rate else time.perf_counter()
        if due - start > order.seconds:
            return
        if (pause := due - time.perf_counter()) > 0:
            await asyncio.sleep(pause)
        writer.write(request)
        status = await _answer(reader)
        result.milliseconds.append(1e3 * (time.perf_counter() - due))
        result.statuses[status] = result.statuses.get(status, 0) + 1


def _requests(order: Order) -> Iterator[bytes]:
    if order.file:
        for line in Path(order.file).read_text().splitlines():
            one = json.loads(line)
            yield _request(order.url, one["headers"], one["body"].encode())
        return
    body = order.body.encode()
    for number in range(order.count):
        headers = {name: value.replace("{n}", str(number)) for name, value in order.headers.items()}
        yield _request(order.url, headers, body)


def _request(url: str, headers: Mapping[str, str], body: bytes) -> bytes:
    parts = urlsplit(url)
    lines = [f"POST {parts.path or '/'} HTTP/1.1", f"Host: {parts.netloc}", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


async def _answer(reader: asyncio.StreamReader) -> str:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    length = next((line.split(":")[1] for line in head.split("\r\n") if line.startswith("content-length:")), "0")
    await reader.readexactly(int(length))
    return head.split(" ", 2)[1]


if __name__ == "__main__":
    asked = Order(**json.loads(sys.argv[1]))
    done = asyncio.run(asyncio.wait_for(run(asked), asked.seconds + 60))
    sys.stdout.write(json.dumps(asdict(done)))
