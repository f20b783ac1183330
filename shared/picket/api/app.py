"""The WSGI application behind the `api` function."""

from __future__ import annotations

from http import HTTPStatus
from typing import cast

from flask import Flask, Request, Response, g, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from picket.api import (
    assets,
    builds,
    connections,
    dead_letters,
    doctor,
    events,
    findings,
    openapi,
    organizations,
    pages,
    people,
    policy,
    queries,
    reports,
    repositories,
    scans,
    schedules,
    scores,
    tokens,
    triage,
    turns,
    verifications,
    webhooks,
)
from picket.api.scopes import needed
from picket.context import context
from picket.effects import telemetry
from picket.effects.telemetry import logs
from picket.errors import PermanentError, TooLarge
from picket.runtime import access
from picket.runtime.body import read_body
from picket.runtime.function import unexpected
from picket.runtime.hardening import hardened
from picket.runtime.probes import answer_probe
from picket.runtime.problems import problem, status_of

logs.configure()  # now: the process that watches over the workers says something, too, and never answers a request

_MODULES = (
    *(
        scans,
        events,
        findings,
        triage,
        verifications,
        reports,
        policy,
        builds,
        repositories,
        schedules,
        organizations,
        scores,
        webhooks,
        connections,
    ),
    *(tokens, people, dead_letters, doctor, openapi, pages),
)
_LOOKING = frozenset({"GET", "HEAD", "OPTIONS"})
MAX_BODY_BYTES = 4 * 1024 * 1024


def answer(incoming: Request) -> Response:
    """Answer one HTTP request."""
    return hardened(_answer(incoming))


def _answer(incoming: Request) -> Response:
    if probe := answer_probe(incoming):
        return probe
    try:
        read_body(incoming, reports.MAX_BODY_BYTES if incoming.path == "/reports" else MAX_BODY_BYTES)
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


@context.kept
def _app() -> Flask:
    app = Flask("picket.api", static_folder=None)
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False  # a redirect would be a problem without a Location
    for module in _MODULES:
        app.register_blueprint(module.blueprint)
    app.before_request(_authenticate)
    app.before_request(_refuse_odd_query)
    app.before_request(lambda: turns.begin(request.endpoint))  # last: what was refused before takes no turn
    app.teardown_request(turns.end)
    app.after_request(_tell_the_rate)
    app.after_request(_record)
    app.register_error_handler(HTTPException, _refusal)
    app.register_error_handler(queries.OddQuery, lambda error: problem(status_of(error), str(error), **error.members))
    app.register_error_handler(PermanentError, lambda error: problem(status_of(error), str(error)))
    app.register_error_handler(Exception, unexpected)
    return app


def _authenticate() -> Response | None:
    """Ask for a token that may do this, unless the Broker brings a dead letter."""
    if dead_letters.is_from_broker(request):
        return None
    return access.refused(request, needed(request.endpoint)) or assets.refused()


def _refuse_odd_query() -> Response | None:
    """Refuse a query that is no text, which servers hand on as it is, and what the route does not admit."""
    try:
        request.query_string.decode()
    except UnicodeDecodeError:
        return problem(HTTPStatus.BAD_REQUEST, "the query is not UTF-8")
    queries.check(request.endpoint)
    return None


def _tell_the_rate(response: Response) -> Response:
    response.headers.update(g.get("rate", {}))
    return response


def _record(response: Response) -> Response:
    """Log who has changed something."""
    if request.method not in _LOOKING and response.status_code < HTTPStatus.BAD_REQUEST and "caller" in g:
        logs.note("changed through the API", caller=access.caller().name, route=request.endpoint)
    return response


def _refusal(error: HTTPException) -> Response:
    answer = problem(error.code or 500, str(error.description))
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        answer.headers["Allow"] = ", ".join(error.valid_methods)
    return answer
