"""Requests to a forge's API: to the addresses that were checked, within a time and a size, and nowhere else."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from urllib.parse import urljoin, urlsplit

from picket.commits.repository import RepositoryAddress
from picket.effects import exchange
from picket.effects.exchange import Answer, Limits, Outgoing
from picket.effects.git.address import resolve
from picket.errors import Misconfigured, Unsupported

MAX_BODY_BYTES = 16 * 1024 * 1024
"""A hundred repositories take GitHub about 0.6 MB."""
_MAX_REDIRECTS = 3
MAX_SECONDS = 60.0
WRITE_SECONDS = 15.0
"""Half of what the broker gives the function that sets commits' statuses."""
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
# RFC 3986, 2: what a URL is made of.
_URL = re.compile(r"[A-Za-z0-9:/?#\[\]@!$&'()*+,;=._~%-]{1,4096}")
_LONGEST_PATH = 200


class Elsewhere(Unsupported):
    """The forge redirects to another host."""


class Moved(Unsupported):
    """What a request was to change has another path by now, as after a rename: nothing was changed.

    Attributes:
        path: The path that the forge names, on the same host; empty if it names none, or another host.
    """

    def __init__(self, status: int, path: str) -> None:
        """Say what the forge answered, and where it leads."""
        where = f"to {path[:_LONGEST_PATH]}" if path else "elsewhere"
        super().__init__(f"the forge redirects {where} ({status}): what is named there was renamed or moved, perhaps")
        self.path = path


def get(url: str, headers: Mapping[str, str], most: int = 0, seconds: float = 0.0) -> Answer:
    """Send a GET request, and follow redirects that stay where they are.

    Args:
        url: Absolute, http or https; a fragment is not sent.
        headers: May hold a token: no other scheme, host or port gets to see them.
        most: How many bytes the body may have; 0: `MAX_BODY_BYTES`.
        seconds: How long all of it may take; 0.0: `MAX_SECONDS`.

    Raises:
        Elsewhere: It redirects to another host.
        Gone: The host does not exist.
        Misconfigured: A header holds what none may.
        TooLarge: The body is too long.
        TransientError: There was no answer, or not within the time.
        Unsupported: The host's address is not admitted, or it redirects without end.
    """
    _check(headers)
    limits = _limits(most, seconds or MAX_SECONDS)
    origin = origin_of(url)
    for _ in range(_MAX_REDIRECTS + 1):
        answer = exchange.send(Outgoing("GET", url, headers), addresses(origin), limits)
        if answer.status not in _REDIRECTS:
            return answer
        url = _joined(url, answer.headers.get("location", ""))
        if not is_of(url, origin):
            raise Elsewhere("the forge redirects to another host")
    raise Unsupported(f"the forge redirects more than {_MAX_REDIRECTS} times")


def write(method: str, url: str, headers: Mapping[str, str], body: bytes, most: int = 0) -> Answer:
    """Send a request that changes something; no redirect is followed, since what was sent would not arrive there.

    Args:
        method: POST, PUT, PATCH or DELETE.
        url: As for `get`.
        headers: As for `get`.
        body: What to send.
        most: As for `get`.

    Raises:
        Moved: The answer is a redirect.
        PicketError: As `get`.
    """
    _check(headers)
    origin = origin_of(url)
    answer = exchange.send(Outgoing(method, url, headers, body), addresses(origin), _limits(most, WRITE_SECONDS))
    if answer.status in _REDIRECTS:
        target = _joined(url, answer.headers.get("location", ""))
        raise Moved(answer.status, urlsplit(target).path if is_of(target, origin) else "")
    return answer


def is_of(url: str, origin: tuple[str, str, int]) -> bool:
    """Return whether *url* is a URL with the scheme, host and port of *origin*."""
    if not _URL.fullmatch(url):
        return False
    try:
        return origin_of(url) == origin
    except ValueError:
        return False


def origin_of(url: str) -> tuple[str, str, int]:
    """Return scheme, host and port of *url*."""
    return exchange.origin(url)


def _limits(most: int, seconds: float) -> Limits:
    return Limits(time.monotonic() + seconds, seconds, most or MAX_BODY_BYTES)


def addresses(origin: tuple[str, str, int]) -> list[str]:
    """Return the addresses of a host, which were checked."""
    scheme, host, port = origin
    return resolve(RepositoryAddress(name="", url="", scheme=scheme, host=host, port=port))


def _joined(url: str, location: str) -> str:
    """Return where *location*, which may be relative, leads from *url*; "" if nowhere."""
    try:
        return urljoin(url, location)
    except ValueError:
        return ""


def _check(headers: Mapping[str, str]) -> None:
    """Refuse what the HTTP library would quote in its message."""
    for name, value in headers.items():
        if not (value.isascii() and value.isprintable()):
            raise Misconfigured(f"a token has characters that the header {name} may not hold")
