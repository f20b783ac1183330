"""A small HTTP/1.1 client for short requests to known hosts.

The broker makes several requests for each event, so what one costs is what the stack costs: this takes a third of the
time of a general client. A connection that has idled longer than `IDLE_SECONDS` is never used again: gunicorn closes
its own after two seconds, and a request lost to that race could not be told from one that was begun.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

IDLE_SECONDS = 1.0
_HEAD_BYTES = 256 * 1024
_READ_BYTES = 64 * 1024

Headers = list[tuple[bytes, bytes]]

HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
"""Headers that concern one connection only (RFC 9110 7.6.1)."""


class Unreachable(Exception):
    """There was no whole answer: the connection was broken off, or the peer does not speak HTTP."""


class Refused(Unreachable):
    """There was no connection, so nothing was asked and it is safe to ask elsewhere."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked: `target` is the path with its query; `headers` leave out Host, length and connection."""

    method: str
    target: str
    headers: Headers
    body: bytes = b""

    def encode(self, host: bytes) -> bytes:
        """Return the message as it goes over the wire to *host*, unless the headers name another one."""
        lines = [f"{self.method} {self.target} HTTP/1.1".encode()]
        if not any(name.lower() == b"host" for name, _ in self.headers):
            lines.append(b"host: " + host)
        lines.extend(name + b": " + value for name, value in self.headers)
        lines.append(b"content-length: %d\r\n\r\n" % len(self.body))
        return b"\r\n".join(lines) + self.body


@dataclass(frozen=True, slots=True)
class Response:
    """What was answered, with hop-by-hop headers taken out."""

    status: int
    headers: Headers = field(default_factory=list)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Stream:
    """An answer whose body comes bit by bit."""

    status: int
    headers: Headers
    parts: AsyncIterator[bytes]


@dataclass(slots=True)
class _Connection:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    used: float = 0.0


class Client:
    """Requests to one host over connections that are kept alive briefly."""

    def __init__(self, host: str, port: int, *, tls: bool = False) -> None:
        self._host = host
        self._port = port
        self._tls = ssl.create_default_context() if tls else None
        self._authority = f"{host}:{port}".encode()
        self._idle: list[_Connection] = []

    @classmethod
    def of(cls, url: str) -> Client:
        """Return a client for the host of *url*."""
        address = urlsplit(url)
        tls = address.scheme == "https"
        return cls(address.hostname or "", address.port or (443 if tls else 80), tls=tls)

    async def send(self, request: Request) -> Response:
        """Send *request* and return the whole answer.

        Raises:
            Refused: There is no connection to be had.
            Unreachable: The connection broke.
        """
        try:
            async with self._connection() as connection:
                connection.writer.write(request.encode(self._authority))
                return await _response(connection, request.method)
        except (OSError, EOFError, ValueError, asyncio.LimitOverrunError) as error:
            raise Unreachable(str(error) or type(error).__name__) from error

    @asynccontextmanager
    async def stream(self, request: Request) -> AsyncIterator[Stream]:
        """Send *request* on a connection of its own, which lasts as long as the context; give the answer as it comes.

        Raises:
            Refused: There is no connection to be had.
            Unreachable: The connection broke; this may come with any of the parts.
        """
        connection = await self._open()
        try:
            connection.writer.write(request.encode(self._authority))
            status, headers, _ = await _final_head(connection.reader)
            parts = _parts(connection.reader, request.method, status, headers)
            yield Stream(status, without_hop_by_hop(headers), parts)
        except (OSError, EOFError, ValueError, asyncio.LimitOverrunError) as error:
            raise Unreachable(str(error) or type(error).__name__) from error
        finally:
            connection.writer.close()

    def close(self) -> None:
        """Close the idle connections."""
        while self._idle:
            self._idle.pop().writer.close()

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[_Connection]:
        """Yield a connection; it is kept for reuse only if the exchange ended well and the peer keeps it."""
        connection = self._fresh_idle() or await self._open()
        kept = False
        try:
            yield connection
            kept = connection.used > 0
        finally:
            if kept:
                self._idle.append(connection)
            else:
                connection.writer.close()

    def _fresh_idle(self) -> _Connection | None:
        """Return the connection used last, dropping all that have idled too long."""
        oldest = time.monotonic() - IDLE_SECONDS
        while self._idle and (self._idle[0].used < oldest or self._idle[0].reader.at_eof()):
            self._idle.pop(0).writer.close()
        while self._idle:
            connection = self._idle.pop()
            if not connection.reader.at_eof():
                return connection
            connection.writer.close()
        return None

    async def _open(self) -> _Connection:
        try:
            reader, writer = await asyncio.open_connection(self._host, self._port, ssl=self._tls, limit=_HEAD_BYTES)
        except OSError as error:
            raise Refused(str(error)) from error
        return _Connection(reader, writer)


async def _response(connection: _Connection, method: str) -> Response:
    """Read one answer; mark the connection as used now if it may serve another request."""
    status, headers, keep = await _final_head(connection.reader)
    body = b"".join([part async for part in _parts(connection.reader, method, status, headers)])
    connection.used = time.monotonic() if keep and not connection.reader.at_eof() else 0.0
    return Response(status, without_hop_by_hop(headers), body)


async def _final_head(reader: asyncio.StreamReader) -> tuple[int, Headers, bool]:
    """Read the head of an answer: its status, its headers, and whether the connection is kept."""
    status, headers, keep = 100, list[tuple[bytes, bytes]](), False
    while status < 200:  # noqa: PLR2004 - an interim answer precedes the real one
        status, headers, keep = _head(await reader.readuntil(b"\r\n\r\n"))
    return status, headers, keep


async def _parts(reader: asyncio.StreamReader, method: str, status: int, headers: Headers) -> AsyncIterator[bytes]:
    """Give the body of an answer as it comes."""
    framing = {name.lower(): value for name, value in headers}
    if method == "HEAD" or status in {204, 304}:
        return
    if b"chunked" in framing.get(b"transfer-encoding", b"").lower():
        async for part in _chunks(reader):
            yield part
    elif b"content-length" in framing:
        yield await reader.readexactly(int(framing[b"content-length"]))
    else:
        while part := await reader.read(_READ_BYTES):
            yield part


def without_hop_by_hop(headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    """Return the *headers* that go through a proxy."""
    return [(name, value) for name, value in headers if name.lower() not in HOP_BY_HOP]


def _head(head: bytes) -> tuple[int, Headers, bool]:
    first, *lines = head[:-4].split(b"\r\n")
    version, _, rest = first.partition(b" ")
    if not version.startswith(b"HTTP/1."):
        raise ValueError("the answer is not HTTP/1")
    headers = []
    keep = version == b"HTTP/1.1"
    for line in lines:
        name, _, value = line.partition(b":")
        headers.append((name, value.strip()))
        if name.lower() == b"connection":
            keep = value.strip().lower() == b"keep-alive" if b"close" not in value.lower() else False
    return int(rest[:3]), headers, keep


async def _chunks(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    while size := int((await reader.readuntil(b"\r\n")).partition(b";")[0], 16):
        yield (await reader.readexactly(size + 2))[:-2]
    while await reader.readuntil(b"\r\n") != b"\r\n":
        pass  # trailers
