"""The one way to a forge's API: within its rate limits, which all replicas share, and with errors that say what is so.

What would be too much is not sent. A refusal for that reason is waited for by everybody with the same token; one that
names no time, a minute at first and then twice as long each time.

Absent          the forge has nothing there, or shows it to nobody with this token
Refused         an answer that the caller did not expect; it holds the answer
RateLimited     come again later: it says when
Moved           of a write: what is named there has another path by now (see `transport`)
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Literal

from pydantic import JsonValue, SecretStr

from picket.context import context
from picket.effects.exchange import Answer
from picket.effects.forge import minted, transport
from picket.effects.forge.transport import Elsewhere
from picket.effects.mongo import forge_budgets as budgets
from picket.effects.mongo.client import key
from picket.errors import Gone, TransientError, Unauthorized, Unsupported
from picket.forges import FORGES, limits, rights

clock = time.time
_DEFAULT_WAIT = 60.0
_LATER = frozenset({408, 425})


class Absent(Gone):
    """The forge has nothing there, or the token may not see it."""


class Refused(Unsupported):
    """The forge returned an error status that has no class of its own here.

    Attributes:
        answer: What it answered.
    """

    def __init__(self, answer: Answer) -> None:
        """Say the status."""
        super().__init__(f"the forge answered {answer.status}")
        self.answer = answer


class RateLimited(TransientError):
    """The forge asks to come again later."""

    def __init__(self, message: str, seconds: float) -> None:
        """Say how many *seconds* later."""
        super().__init__(message)
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks.

    Attributes:
        forge: Name of the forge.
        token: The one that the headers hold; None without one.
        counted: Whether what replicas share of limits counts this, for which there must be a store.
        seconds: How long it may take to read something; 0.0: as long as a page may take.
    """

    forge: str
    token: SecretStr | None = None
    counted: bool = True
    seconds: float = 0.0


def get(caller: Caller, url: str, headers: Mapping[str, str], *, etag: str = "", most: int = 0) -> Answer:
    """Read something.

    Args:
        caller: Who asks.
        url: Absolute, http or https.
        headers: What the forge wants, the token in them.
        etag: Of what is known already; empty if nothing is.
        most: How many bytes the body may have; 0: `transport.MAX_BODY_BYTES`.

    Returns:
        An answer with a status from 200 to 299; or 304, with *etag* alone: it is as it was.

    Raises:
        Absent: It is not there, or the token may not see it.
        Gone: The host does not exist.
        Misconfigured: The token holds what no header may.
        RateLimited: Later.
        Refused: The answer is another.
        TooLarge: The body is too long.
        TransientError: The forge has a problem, or does not answer.
        Unauthorized: The token is refused.
        Unsupported: The host's address is not admitted, or it redirects elsewhere.
    """
    name = _admitted(caller, url)
    conditional = {"If-None-Match": etag} if etag else {}
    try:
        answer = transport.get(url, {"User-Agent": "picket", **headers, **conditional}, most, caller.seconds)
    except Elsewhere:
        if FORGES[caller.forge].signs_in:
            raise _unauthorized(caller) from None
        raise
    return _judged(caller, name, answer, is_known=bool(etag))


def write(
    caller: Caller,
    method: Literal["POST", "PUT", "PATCH", "DELETE"],
    url: str,
    headers: Mapping[str, str],
    content: JsonValue = None,
) -> Answer:
    """Change something; counts as a request that makes content.

    Args:
        caller: Who asks.
        method: How.
        url: Absolute, http or https.
        headers: What the forge wants, the token in them.
        content: What to send, as JSON; None: no body.

    Returns:
        An answer with a status from 200 to 299.

    Raises:
        Moved: The forge redirects: what is named there was renamed, perhaps. Nothing was changed.
        PicketError: As `get`.
    """
    body = b"" if content is None else json.dumps(content).encode()
    kind = {"Content-Type": "application/json"} if body else {}
    return send(caller, method, url, {**headers, **kind}, body)


def send(caller: Caller, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
    """Change something, as `write` does, by a body that is written already."""
    name = _admitted(caller, url)
    if name and (wait := budgets.take(name, _allowances(caller, url), clock())):
        raise RateLimited("as much has been written to the forge as it takes within the time", wait)
    try:
        answer = transport.write(method, url, {"User-Agent": "picket", **headers}, body)
    except transport.Moved as error:
        if FORGES[caller.forge].signs_in and not error.path:
            raise _unauthorized(caller) from None
        raise
    return _judged(caller, name, answer)


def _admitted(caller: Caller, url: str) -> str:
    """Return the name of the budget that a request is counted on, after one was taken from it."""
    _, host, port = transport.origin_of(url)
    if not caller.counted:
        return ""
    token = caller.token.get_secret_value() if caller.token else ""
    name = key("forge", host, str(port), _hashed(minted.identity(token)))
    if wait := budgets.admit(name, clock()):
        raise RateLimited("the forge's rate limit is used up", wait)
    return name


def _judged(caller: Caller, name: str, answer: Answer, *, is_known: bool = False) -> Answer:
    """Return a success, and keep what is said of limits."""
    at, status = clock(), answer.status
    said = limits.read(answer.headers, at)
    if limits.is_limit(status, answer.headers, answer.body):
        told = _told(answer, said)
        wait = budgets.pause(name, told, at) if name else told or _DEFAULT_WAIT
        raise RateLimited("the forge's rate limit is used up", wait)
    if name:
        budgets.note(name, said, at)
    if _is_page_to_sign_in(caller, answer):
        raise _unauthorized(caller)
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES or (is_known and status == HTTPStatus.NOT_MODIFIED):
        return answer
    raise _error(caller, answer)


def _error(caller: Caller, answer: Answer) -> Exception:
    """Return the exception for an error response."""
    status = answer.status
    if status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
        return Absent(_with_rights("the forge has nothing there, or the token may not see it", answer))
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return _denied(caller, answer)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _LATER:
        return TransientError(f"the forge answered {status}")
    return Refused(answer)


def _told(answer: Answer, said: limits.Limits) -> float | None:
    """Return how long a refusal asks to wait; None where it does not say: the hour's reset is not that of a minute."""
    if "retry-after" in answer.headers:
        return said.pause
    return said.pause or (None if said.remaining else said.reset_in)


def _denied(caller: Caller, answer: Answer) -> Unauthorized | TransientError:
    if answer.status == HTTPStatus.FORBIDDEN and caller.token:
        return Unauthorized(_with_rights("the forge does not let the token do this", answer))
    if caller.token and minted.drop(caller.token.get_secret_value()):
        return TransientError("the forge refuses a token that it gave; another one is asked for")
    return _unauthorized(caller)


def _with_rights(message: str, answer: Answer) -> str:
    told = rights.missing(answer.headers, answer.body)
    return f"{message} ({told})" if told else message


def _unauthorized(caller: Caller) -> Unauthorized:
    return Unauthorized("the forge refuses the token" if caller.token else "the forge wants a token")


def _is_page_to_sign_in(caller: Caller, answer: Answer) -> bool:
    if not FORGES[caller.forge].signs_in or answer.status >= HTTPStatus.BAD_REQUEST:
        return False
    is_page = answer.headers.get("content-type", "").lower().startswith("text/html")
    return is_page or answer.status == HTTPStatus.NON_AUTHORITATIVE_INFORMATION


def _allowances(caller: Caller, url: str) -> budgets.Allowances:
    forge, host = FORGES[caller.forge], transport.origin_of(url)[1]
    is_limited = any(host == each or host.endswith(f".{each}") for each in forge.limited)
    return forge.allowances if is_limited else ()


@context.last(256)
def _hashed(token: str) -> str:
    """Return what stands for a token in the store.

    Functions that ask forges hold no key of Picket's, so the hash is one that takes long: no reader of the store can
    try out short tokens. Source: RFC 7914.
    """
    return hashlib.scrypt(token.encode(), salt=b"picket forge budget", n=2**14, r=8, p=1, dklen=16).hex()
