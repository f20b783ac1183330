"""The WSGI application behind the `api` function."""

from __future__ import annotations

import hmac
from functools import cache
from typing import cast

from flask import Flask, Request, Response, request
from werkzeug.exceptions import HTTPException

from picket.api import dead_letters, findings, openapi, pages, repositories, scans, scores, sources
from picket.effects.telemetry import logs
from picket.errors import PermanentError, TooLarge
from picket.runtime.body import read_body
from picket.runtime.function import answer_health, unexpected
from picket.runtime.problems import problem, status_of
from picket.settings import settings

MAX_BODY_BYTES = 4 * 1024 * 1024
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def answer(incoming: Request) -> Response:
    """Answer one HTTP request."""
    if health := answer_health(incoming):
        return health
    try:
        read_body(incoming, MAX_BODY_BYTES)
    except TooLarge as error:
        return problem(status_of(error), str(error))
    return cast("Response", Response.from_app(_app(), incoming.environ, buffered=True))


@cache
def _app() -> Flask:
    logs.configure()
    app = Flask("picket.api", static_folder=None)
    app.url_map.strict_slashes = False
    for module in (scans, findings, repositories, scores, sources, dead_letters, openapi, pages):
        app.register_blueprint(module.blueprint)
    app.before_request(_authenticate)
    app.after_request(_harden)
    app.register_error_handler(HTTPException, lambda error: problem(error.code or 500, str(error.description)))
    app.register_error_handler(PermanentError, lambda error: problem(status_of(error), str(error)))
    app.register_error_handler(Exception, unexpected)
    return app


def _authenticate() -> Response | None:
    """Ask for the bearer token, unless only this machine can reach the API.

    On loopback the Host header must name loopback, too: a page of some site whose name was pointed at 127.0.0.1 must
    not get through the user's browser what it could not get itself.
    """
    if dead_letters.is_from_broker(request):
        return None
    if settings().on_loopback:
        host = request.host.rsplit(":", 1)[0] if not request.host.endswith("]") else request.host
        return None if host in _LOOPBACK else problem(421, "this API answers to its loopback address only")
    token = settings().api_token.get_secret_value()
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if token and hmac.compare_digest(given.encode(errors="replace"), token.encode()):
        return None
    refused = problem(401, "a bearer token is needed" if token else "PICKET_API_TOKEN is not set: nobody is let in")
    refused.headers["WWW-Authenticate"] = "Bearer"
    return refused


def _harden(response: Response) -> Response:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    return response
