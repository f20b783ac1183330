"""GET requests to a forge's API: to the addresses that were checked, within a time and a size, and nowhere else."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPException
from urllib.parse import SplitResult, urljoin, urlsplit

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection

from picket.commits.repository import RepositoryAddress
from picket.effects.git.address import resolve
from picket.errors import Misconfigured, TooLarge, TransientError, Unsupported

MAX_BODY_BYTES = 16 * 1024 * 1024
"""A hundred repositories take GitHub about 0.6 MB."""
_MAX_REDIRECTS = 3
MAX_SECONDS = 60.0
_CONNECT_SECONDS, _READ_SECONDS = 5.0, 20.0
_CHUNK = 64 * 1024
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_NOT_CONNECTED = (urllib3.exceptions.ConnectTimeoutError, urllib3.exceptions.NewConnectionError)
# RFC 3986, 2: what a URL is made of.
_URL = re.compile(r"[A-Za-z0-9:/?#\[\]@!$&'()*+,;=._~%-]{1,4096}")
_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer whose body was read whole; header names are lower-case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def get(url: str, headers: Mapping[str, str]) -> Answer:
    """Send a GET request, and follow redirects that stay where they are.

    Args:
        url: Absolute, http or https.
        headers: May hold a token: no other scheme, host or port gets to see them.

    Raises:
        Gone: The host does not exist.
        Misconfigured: A header holds what none may.
        TooLarge: The body is too long.
        TransientError: There was no answer, or not within the time.
        Unsupported: The host's address is not admitted, or it redirects elsewhere.
    """
    _check(headers)
    deadline = time.monotonic() + MAX_SECONDS
    origin = _origin(urlsplit(url))
    for _ in range(_MAX_REDIRECTS + 1):
        answer = _request(urlsplit(url), headers, deadline)
        if answer.status not in _REDIRECTS:
            return answer
        url = _joined(url, answer.headers.get("location", ""))
        if not is_of(url, origin):
            raise Unsupported("the forge redirects to another host")
    raise Unsupported(f"the forge redirects more than {_MAX_REDIRECTS} times")


def is_of(url: str, origin: tuple[str, str, int]) -> bool:
    """Return whether *url* is a URL with the scheme, host and port of *origin*."""
    if not _URL.fullmatch(url):
        return False
    try:
        return _origin(urlsplit(url)) == origin
    except ValueError:
        return False


def origin_of(url: str) -> tuple[str, str, int]:
    """Return scheme, host and port of *url*."""
    return _origin(urlsplit(url))


def _joined(url: str, location: str) -> str:
    """Return where *location*, which may be relative, leads from *url*; "" if nowhere."""
    try:
        return urljoin(url, location)
    except ValueError:
        return ""


def _origin(parts: SplitResult) -> tuple[str, str, int]:
    return parts.scheme, parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0)


def _request(parts: SplitResult, headers: Mapping[str, str], deadline: float) -> Answer:
    """Try the addresses of the host in turn, as far as no connection comes about."""
    scheme, host, port = _origin(parts)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    for address in resolve(RepositoryAddress(name="", url="", scheme=scheme, host=host, port=port)):
        connection = _connection(scheme, address, port, host)
        try:
            connection.connect()
            with _cut_at(deadline, connection.sock):
                answer = _exchange(connection, target, {**headers, "Host": parts.netloc})
        except _NOT_CONNECTED:
            continue
        except (urllib3.exceptions.HTTPError, HTTPException, OSError) as error:
            if time.monotonic() < deadline:
                raise TransientError(f"{host} did not answer ({type(error).__name__})") from None
        else:
            if time.monotonic() < deadline:
                return answer  # whole: it was not cut
        finally:
            connection.close()
        raise TransientError(f"{host} took more than {MAX_SECONDS:g} seconds")
    raise TransientError(f"{host} did not answer")


def _connection(scheme: str, address: str, port: int, host: str) -> HTTPConnection:
    if scheme == "http":
        return HTTPConnection(address, port, timeout=_CONNECT_SECONDS)
    return HTTPSConnection(address, port, timeout=_CONNECT_SECONDS, server_hostname=host)


def _exchange(connection: HTTPConnection, target: str, headers: Mapping[str, str]) -> Answer:
    """Send a request over a connection that is there, and read the answer."""
    connection.sock.settimeout(_READ_SECONDS)
    connection.request("GET", target, headers=headers, preload_content=False, decode_content=False)
    response = connection.getresponse()
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise Unsupported("the forge sent a compressed body that was not asked for")
    body = bytearray()
    while chunk := response.read1(_CHUNK):
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise TooLarge(f"the forge's answer has more than {MAX_BODY_BYTES} bytes")
    return Answer(response.status, {name.lower(): value for name, value in response.headers.items()}, bytes(body))


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


def _check(headers: Mapping[str, str]) -> None:
    """Refuse what the HTTP library would quote in its message."""
    for name, value in headers.items():
        if not (value.isascii() and value.isprintable()):
            raise Misconfigured(f"PICKET_GIT_TOKENS: a token has characters that the header {name} may not hold")
