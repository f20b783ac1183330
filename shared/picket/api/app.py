"""The WSGI application behind the `api` function."""

from __future__ import annotations

from functools import cache
from typing import cast

from flask import Flask, Request, Response, request
from werkzeug.exceptions import HTTPException

from picket.api import (
    builds,
    dead_letters,
    events,
    findings,
    openapi,
    organizations,
    pages,
    repositories,
    scans,
    schedules,
    scores,
    sources,
)
from picket.effects import telemetry
from picket.effects.telemetry import logs
from picket.errors import PermanentError, TooLarge
from picket.runtime.access import refused
from picket.runtime.body import read_body
from picket.runtime.function import unexpected
from picket.runtime.probes import answer_probe
from picket.runtime.problems import problem, status_of

logs.configure()  # now: the process that watches over the workers says something, too, and never answers a request

_MODULES = (
    *(scans, events, findings, builds, repositories, schedules, organizations, scores, sources),
    *(dead_letters, openapi, pages),
)
MAX_BODY_BYTES = 4 * 1024 * 1024
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def answer(incoming: Request) -> Response:
    """Answer one HTTP request."""
    if probe := answer_probe(incoming):
        return probe
    try:
        read_body(incoming, MAX_BODY_BYTES)
    except TooLarge as error:
        return problem(status_of(error), str(error))
    with (
        telemetry.span("api answer", role="server", parent=incoming.headers.get("traceparent", "")) as span,
        telemetry.about(**span.ids),
    ):
        lasts = incoming.path.endswith("/events")
        response = cast("Response", Response.from_app(_app(), incoming.environ, buffered=not lasts))
        span.tell(method=incoming.method, status=response.status_code)
        return response


@cache
def _app() -> Flask:
    app = Flask("picket.api", static_folder=None)
    app.url_map.strict_slashes = False
    for module in _MODULES:
        app.register_blueprint(module.blueprint)
    app.before_request(_authenticate)
    app.after_request(_harden)
    app.register_error_handler(HTTPException, lambda error: problem(error.code or 500, str(error.description)))
    app.register_error_handler(PermanentError, lambda error: problem(status_of(error), str(error)))
    app.register_error_handler(Exception, unexpected)
    return app


def _authenticate() -> Response | None:
    """Ask for the bearer token, unless the Broker brings a dead letter."""
    return None if dead_letters.is_from_broker(request) else refused(request)


def _harden(response: Response) -> Response:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    return response
