"""Who asks, and what they may."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from http import HTTPStatus
from typing import Literal
from urllib.parse import urlsplit

from flask import Request, Response, g

from picket.runtime import limits
from picket.runtime.problems import problem
from picket.settings import settings

Scope = Literal["read", "submit", "report", "triage", "admin"]
INCLUDED: dict[Scope, frozenset[Scope]] = {
    "read": frozenset({"read"}),
    "submit": frozenset({"read", "submit"}),
    "report": frozenset({"report"}),
    "triage": frozenset({"read", "triage"}),
    "admin": frozenset({"read", "submit", "report", "triage", "admin"}),
}
"""What each scope opens."""

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})
_SAFE = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who is let in: name, scope, what they are counted by, and the assets that they are limited to."""

    name: str
    scope: Scope
    key: str = ""
    assets: tuple[str, ...] = ()


LOCAL = Caller("loopback", "admin")
_BOOTSTRAP = Caller("PICKET_API_TOKEN", "admin", "bootstrap")
NAMES = frozenset({LOCAL.name, _BOOTSTRAP.name})
"""What no token may be called: the log of changes would not tell who it was."""


def refused(request: Request, scope: Scope = "read") -> Response | None:
    """Ask for a bearer token of *scope*, unless only this machine can reach the function; None lets the request in.

    Afterwards `caller` tells who asks.

    On loopback the Host header must name loopback, too: a page of some site whose name was pointed at 127.0.0.1 must
    not get through the user's browser what it could not get itself. Nor may a page of another site change anything.
    """
    if settings().on_loopback:
        g.caller = LOCAL
        return _foreign(request)
    found = _known(_token_of(request))
    if found is None:
        return _unauthorized(request)
    allowance = limits.take(found.key, settings().requests_per_minute)
    if allowance and allowance.refused_for:
        return allowance.refusal("requests of this token")
    g.caller, g.rate = found, allowance.headers if allowance else {}
    return None if scope in INCLUDED[found.scope] else _forbidden(scope)


def caller() -> Caller:
    """Return who asks, once the request was let in."""
    found: Caller = g.caller
    return found


def _known(token: str) -> Caller | None:
    bootstrap = settings().api_token.get_secret_value()
    if bootstrap and hmac.compare_digest(token.encode(errors="replace"), bootstrap.encode()):
        return _BOOTSTRAP
    from picket.effects.mongo import tokens  # noqa: PLC0415 - see problems.is_outage

    found = tokens.lately(token)
    return Caller(found.name, found.scope, found.id, found.assets) if found else None


def _token_of(request: Request) -> str:
    """Return the token that a request brings.

    A browser cannot be told to send a bearer token, but asks its user for a password and sends that. As it does so
    for requests that other sites' pages make it send, too, a password is good for looking only.
    """
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() == "bearer":
        return token.strip()
    given = request.authorization
    return given.password or "" if given is not None and given.type == "basic" and request.method in _SAFE else ""


def _foreign(request: Request) -> Response | None:
    host = request.host.rsplit(":", 1)[0] if not request.host.endswith("]") else request.host
    if host not in _LOOPBACK:
        return problem(HTTPStatus.MISDIRECTED_REQUEST, "this API answers to its loopback address only")
    # A browser names the page's site with whatever could change something, forms and empty bodies included.
    origin = request.headers.get("Origin", "")
    if request.method in _SAFE or not origin or urlsplit(origin).netloc == request.host:
        return None
    return problem(HTTPStatus.FORBIDDEN, "pages of other sites may not change anything here")


def _unauthorized(request: Request) -> Response:
    """Answer alike whether a token is unknown, revoked, expired or missing."""
    answer = problem(HTTPStatus.UNAUTHORIZED, "a valid bearer token is needed")
    answer.headers["WWW-Authenticate"] = "Bearer"
    if request.accept_mimetypes.best == "text/html":
        answer.headers.add("WWW-Authenticate", 'Basic realm="Picket: any name, a token as password", charset="UTF-8"')
    return answer


def _forbidden(scope: Scope) -> Response:
    answer = problem(HTTPStatus.FORBIDDEN, f"this needs a token of scope {scope}")
    # RFC 6750, section 3.1.
    answer.headers["WWW-Authenticate"] = f'Bearer error="insufficient_scope", scope="{scope}"'
    return answer
