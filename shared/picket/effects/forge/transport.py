"""GET requests to a forge's API: to the addresses that were checked, within a time and a size, and nowhere else."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from urllib.parse import urljoin

from picket.commits.repository import RepositoryAddress
from picket.effects import exchange
from picket.effects.exchange import Answer, Limits, Outgoing
from picket.effects.git.address import resolve
from picket.errors import Misconfigured, Unsupported

MAX_BODY_BYTES = 16 * 1024 * 1024
"""A hundred repositories take GitHub about 0.6 MB."""
_MAX_REDIRECTS = 3
MAX_SECONDS = 60.0
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
# RFC 3986, 2: what a URL is made of.
_URL = re.compile(r"[A-Za-z0-9:/?#\[\]@!$&'()*+,;=._~%-]{1,4096}")


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
    limits = Limits(time.monotonic() + MAX_SECONDS, MAX_SECONDS, MAX_BODY_BYTES)
    origin = origin_of(url)
    for _ in range(_MAX_REDIRECTS + 1):
        answer = exchange.send(Outgoing("GET", url, headers), addresses(origin), limits)
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
        return origin_of(url) == origin
    except ValueError:
        return False


def origin_of(url: str) -> tuple[str, str, int]:
    """Return scheme, host and port of *url*."""
    return exchange.origin(url)


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
            raise Misconfigured(f"PICKET_GIT_TOKENS: a token has characters that the header {name} may not hold")
