"""GET requests to a forge's API: to the addresses that were checked, within a time and a size, and nowhere else."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, urljoin, urlsplit

import urllib3

from picket.commits.repository import RepositoryAddress
from picket.effects.git.address import resolve
from picket.errors import Misconfigured, TooLarge, TransientError, Unsupported

MAX_BODY_BYTES = 16 * 1024 * 1024
"""A hundred repositories take GitHub about 0.6 MB."""
_MAX_REDIRECTS = 3
_SECONDS = 60.0
_TIMEOUT = urllib3.Timeout(connect=5.0, read=20.0)
_CHUNK = 64 * 1024
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_NOT_CONNECTED = (urllib3.exceptions.ConnectTimeoutError, urllib3.exceptions.NewConnectionError)
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
    deadline = time.monotonic() + _SECONDS
    origin = _origin(urlsplit(url))
    for _ in range(_MAX_REDIRECTS + 1):
        answer = _request(urlsplit(url), headers, deadline)
        if answer.status not in _REDIRECTS:
            return answer
        url = urljoin(url, answer.headers.get("location", ""))
        if not is_of(url, origin):
            raise Unsupported("the forge redirects to another host")
    raise Unsupported(f"the forge redirects more than {_MAX_REDIRECTS} times")


def is_of(url: str, origin: tuple[str, str, int]) -> bool:
    """Tell whether *url* has the scheme, host and port of *origin*."""
    try:
        return _origin(urlsplit(url)) == origin
    except ValueError:
        return False


def origin_of(url: str) -> tuple[str, str, int]:
    """Return scheme, host and port of *url*."""
    return _origin(urlsplit(url))


def _origin(parts: SplitResult) -> tuple[str, str, int]:
    return parts.scheme, parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0)


def _request(parts: SplitResult, headers: Mapping[str, str], deadline: float) -> Answer:
    """Try the addresses of the host in turn."""
    scheme, host, port = _origin(parts)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    addresses = resolve(RepositoryAddress(name="", url="", scheme=scheme, host=host, port=port))
    for left, address in zip(range(len(addresses) - 1, -1, -1), addresses, strict=True):
        pool = _pool(scheme, address, port, host)
        try:
            return _read(pool, target, {**headers, "Host": parts.netloc}, deadline)
        except urllib3.exceptions.HTTPError as error:
            if not left or not isinstance(
                error, urllib3.exceptions.ConnectTimeoutError | urllib3.exceptions.NewConnectionError
            ):
                raise TransientError(f"{host} did not answer ({type(error).__name__})") from None
        finally:
            pool.close()
    raise TransientError(f"{host} has no address just now")


def _pool(scheme: str, address: str, port: int, host: str) -> urllib3.HTTPConnectionPool:
    if scheme == "http":
        return urllib3.HTTPConnectionPool(address, port, timeout=_TIMEOUT, retries=False)
    return urllib3.HTTPSConnectionPool(
        address, port, timeout=_TIMEOUT, retries=False, server_hostname=host, assert_hostname=host
    )


def _read(pool: urllib3.HTTPConnectionPool, target: str, headers: Mapping[str, str], deadline: float) -> Answer:
    response = pool.request("GET", target, headers=headers, redirect=False, preload_content=False, decode_content=False)
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise Unsupported("the forge sends a compressed body that nobody asked for")
    body = bytearray()
    for chunk in _chunks(response, deadline):
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise TooLarge(f"the forge's answer has more than {MAX_BODY_BYTES} bytes")
    return Answer(response.status, {name.lower(): value for name, value in response.headers.items()}, bytes(body))


def _chunks(response: urllib3.BaseHTTPResponse, deadline: float) -> Iterator[bytes]:
    """Give the body piece by piece as it comes, until the time is over."""
    while chunk := response.read1(_CHUNK):
        yield chunk
        if time.monotonic() > deadline:
            raise TransientError(f"the forge took more than {_SECONDS:g} seconds")


def _check(headers: Mapping[str, str]) -> None:
    """Refuse what the HTTP library would quote in its message."""
    for name, value in headers.items():
        if not (value.isascii() and value.isprintable()):
            raise Misconfigured(f"PICKET_GIT_TOKENS: a token has characters that the header {name} may not hold")
