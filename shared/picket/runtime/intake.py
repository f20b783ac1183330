"""The shape of the function that forges call: raw bytes in, 202 once the broker has the event."""

from __future__ import annotations

import json
import logging
import re
import secrets
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from flask import Request, Response

from picket.effects import telemetry
from picket.effects.telemetry import logs, shapes
from picket.errors import PermanentError, Unauthorized
from picket.runtime import limits
from picket.runtime.body import read_body
from picket.runtime.function import HttpFunction, unexpected
from picket.runtime.hardening import hardened, set_up
from picket.runtime.probes import answer_probe
from picket.runtime.problems import problem, status_of
from picket.settings import settings

_PATH = re.compile(r"/in/(?P<provider>[a-z][a-z-]{0,31})/(?P<token>[A-Za-z0-9_-]{1,128})")

_UNKNOWN = "unknown"
"""In place of the provider that a path names, until a signature has proven that there is such a source."""

Intake = Callable[[str, str, dict[str, str], bytes], dict[str, Any]]


def receives(max_bytes: int) -> Callable[[Intake], HttpFunction]:
    """Make an HTTP function of a handler of `POST /in/{provider}/{token}`.

    The handler gets provider, token, headers (lower-case names) and the raw body, and returns what to answer with 202.

    Args:
        max_bytes: Larger bodies are answered 413, unread.
    """

    def decorate(handler: Intake) -> HttpFunction:
        def main(request: Request) -> Response:
            return hardened(_answer(handler, request, max_bytes))

        logs.configure()
        set_up()
        return main

    return decorate


def _answer(handler: Intake, request: Request, max_bytes: int) -> Response:
    if probe := answer_probe(request):
        return probe
    place = _PATH.fullmatch(request.path)
    if place is None:
        return problem(404, "deliveries are posted to /in/{provider}/{token}")
    if request.method != "POST":
        answer = problem(405, "deliveries are posted")
        answer.headers["Allow"] = "POST"
        return answer
    return _run(handler, place["provider"], place["token"], request, max_bytes)


def traceparent(headers: dict[str, str]) -> str:
    """Return the trace context of what a request causes: this span's; where none are made the caller's, or a new one.

    Args:
        headers: The request's, names in lower case.
    """
    given = headers.get("traceparent", "")
    new = f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"
    return telemetry.traceparent() or (given if shapes.is_traceparent(given) else new)


def _run(handler: Intake, provider: str, token: str, request: Request, max_bytes: int) -> Response:
    headers = {name.lower(): value for name, value in request.headers}
    outcome, shown = "failed", _UNKNOWN
    with (
        telemetry.span(f"{settings().service} receive", role="server", parent=headers.get("traceparent", "")) as span,
        telemetry.about(**span.ids),
    ):
        try:
            answer = handler(provider, token, headers, read_body(request, max_bytes))
            outcome, shown = "duplicate" if answer.get("duplicate") else "accepted", provider
            span.tell(delivery=answer.get("delivery"))
            logs.note(f"delivery {outcome}", provider=provider, correlationid=answer.get("delivery"))
            return Response(json.dumps(answer), status=HTTPStatus.ACCEPTED, content_type="application/json")
        except limits.Exceeded as error:
            outcome, shown = "refused", provider  # its source has signed
            logs.note("delivery over the limit", level=logging.WARNING, provider=provider)
            return error.answer
        except PermanentError as error:
            outcome = "unauthorized" if isinstance(error, Unauthorized) else "refused"
            return problem(status_of(error), str(error))
        except Exception as error:  # noqa: BLE001 - every outcome must become a status code
            span.fail(outcome)
            return unexpected(error)
        finally:
            span.tell(outcome=outcome, provider=shown)
            telemetry.count("picket_webhook_deliveries_total", provider=shown, outcome=outcome)
