"""Who may ask a function what is not for everybody."""

from __future__ import annotations

import hmac

from flask import Request, Response

from picket.runtime.problems import problem
from picket.settings import settings

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})


def refused(request: Request) -> Response | None:
    """Ask for the bearer token, unless only this machine can reach the function; None lets the request in.

    On loopback the Host header must name loopback, too: a page of some site whose name was pointed at 127.0.0.1 must
    not get through the user's browser what it could not get itself.
    """
    if settings().on_loopback:
        host = request.host.rsplit(":", 1)[0] if not request.host.endswith("]") else request.host
        return None if host in _LOOPBACK else problem(421, "this API answers to its loopback address only")
    token = settings().api_token.get_secret_value()
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if token and hmac.compare_digest(given.encode(errors="replace"), token.encode()):
        return None
    answer = problem(401, "a bearer token is needed" if token else "PICKET_API_TOKEN is not set: nobody is let in")
    answer.headers["WWW-Authenticate"] = "Bearer"
    return answer
