"""One HTTP exchange: with addresses that were checked before, within a time and a size; no redirect is followed."""

from __future__ import annotations

import base64
import socket
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPException
from urllib.parse import SplitResult, unquote, urlsplit

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection

from picket.errors import TooLarge, TransientError, Unsupported

_CONNECT_SECONDS, _READ_SECONDS = 5.0, 20.0
_CHUNK = 64 * 1024
_MOST_ADDRESSES = 4
"""How many addresses of a host are tried: a hostile name may have many that never answer."""
_NOT_CONNECTED = (urllib3.exceptions.ConnectTimeoutError, urllib3.exceptions.NewConnectionError)
_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A request: an absolute URL, http or https. All of it may hold a secret."""

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer whose body was read whole; header names are lower-case."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Limits:
    """Until when an exchange must be over (`time.monotonic`), and how many bytes an answer may have."""

    deadline: float
    seconds: float
    size: int


def send(request: Outgoing, addresses: Sequence[str], limits: Limits, *, proxy: str = "") -> Answer:
    """Send a request to the first of *addresses* to which a connection comes about.

    Args:
        request: What to send.
        addresses: IP addresses of its host; or, where the proxy is to look it up, its name.
        limits: Of time and size.
        proxy: URL of an HTTP proxy that tunnels, with user and password where it asks for them.

    Raises:
        TooLarge: The body is too long.
        TransientError: There was no answer, or not within the time.
        Unsupported: The body is compressed, which was not asked for.
    """
    parts = urlsplit(request.url)
    host = parts.hostname or ""
    for address in addresses[:_MOST_ADDRESSES]:
        left = limits.deadline - time.monotonic()
        if left <= 0:
            raise TransientError(f"{host} took more than {limits.seconds:g} seconds")
        connection = _connection(parts, address, proxy, min(left, _CONNECT_SECONDS))
        try:
            connection.connect()
            with _cut_at(limits.deadline, connection.sock):
                answer = _exchange(connection, parts, request, limits.size)
        except _NOT_CONNECTED:
            continue
        except (urllib3.exceptions.HTTPError, HTTPException, OSError) as error:
            if time.monotonic() < limits.deadline:
                raise TransientError(f"{host} did not answer ({type(error).__name__})") from None
        else:
            if time.monotonic() < limits.deadline:
                return answer  # whole: it was not cut
        finally:
            connection.close()
        raise TransientError(f"{host} took more than {limits.seconds:g} seconds")
    raise TransientError(f"{host} did not answer")


def origin(url: str) -> tuple[str, str, int]:
    """Return scheme, host and port of *url*."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0)


def _connection(parts: SplitResult, address: str, proxy: str, seconds: float) -> HTTPConnection:
    scheme, host, port = origin(parts.geturl())
    through = urlsplit(proxy)
    target = (through.hostname or "", through.port or _PORTS["http"]) if proxy else (address, port)
    if scheme == "http":
        connection = HTTPConnection(*target, timeout=seconds)
    else:
        connection = HTTPSConnection(*target, timeout=seconds, server_hostname=host)
    if proxy:
        connection.set_tunnel(address, port, headers=_proxy_headers(through))
    return connection


def _proxy_headers(proxy: SplitResult) -> dict[str, str]:
    if not proxy.username:
        return {}
    user = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
    return {"Proxy-Authorization": "Basic " + base64.b64encode(user.encode()).decode()}


def _exchange(connection: HTTPConnection, parts: SplitResult, request: Outgoing, size: int) -> Answer:
    """Send a request over a connection that is there, and read the answer."""
    connection.sock.settimeout(_READ_SECONDS)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = {**request.headers, "Host": parts.netloc}
    body = request.body or None
    connection.request(request.method, target, body=body, headers=headers, preload_content=False, decode_content=False)
    response = connection.getresponse()
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise Unsupported(f"{parts.hostname} sent a compressed body that was not asked for")
    read = bytearray()
    while chunk := response.read1(_CHUNK):
        read += chunk
        if len(read) > size:
            raise TooLarge(f"the answer of {parts.hostname} has more than {size} bytes")
    return Answer(response.status, {name.lower(): value for name, value in response.headers.items()}, bytes(read))


@contextmanager
def _cut_at(deadline: float, connected: socket.socket) -> Iterator[None]:
    """Cut a connection at *deadline*: a server that sends a byte now and then would keep it for ever."""

    def cut() -> None:
        with suppress(OSError):  # closed already
            connected.shutdown(socket.SHUT_RDWR)

    alarm = threading.Timer(deadline - time.monotonic(), cut)
    alarm.daemon = True
    alarm.start()
    try:
        yield
    finally:
        alarm.cancel()
