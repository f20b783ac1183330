"""The shape of the function that forges call: raw bytes in, 202 once the broker has the event."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from flask import Request, Response

from picket.effects.telemetry import logs
from picket.errors import PermanentError
from picket.runtime.body import read_body
from picket.runtime.function import HttpFunction, answer_health, unexpected
from picket.runtime.problems import problem, status_of

_PATH = re.compile(r"/in/(?P<provider>[a-z]{1,32})/(?P<token>[A-Za-z0-9_-]{1,128})")
_TRACEPARENT = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")

Intake = Callable[[str, str, dict[str, str], bytes], dict[str, Any]]


def receives(max_bytes: int) -> Callable[[Intake], HttpFunction]:
    """Make an HTTP function of a handler of `POST /in/{provider}/{token}`.

    The handler gets provider, token, headers (lower-case names) and the raw body, and returns what to answer with 202.

    Args:
        max_bytes: Larger bodies are answered 413, unread.
    """

    def decorate(handler: Intake) -> HttpFunction:
        def main(request: Request) -> Response:
            if health := answer_health(request):
                return health
            place = _PATH.fullmatch(request.path)
            if place is None:
                return problem(404, "deliveries are posted to /in/{provider}/{token}")
            if request.method != "POST":
                return problem(405, "deliveries are posted")
            return _run(handler, place["provider"], place["token"], request, max_bytes)

        logs.configure()
        return main

    return decorate


def traceparent(headers: dict[str, str]) -> str:
    """Return the caller's W3C trace context if it sent a valid one, else a new one."""
    given = headers.get("traceparent", "")
    return given if _TRACEPARENT.fullmatch(given) else f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"


def _run(handler: Intake, provider: str, token: str, request: Request, max_bytes: int) -> Response:
    try:
        body = read_body(request, max_bytes)
        answer = handler(provider, token, {name.lower(): value for name, value in request.headers}, body)
        return Response(json.dumps(answer), status=HTTPStatus.ACCEPTED, content_type="application/json")
    except PermanentError as error:
        return problem(status_of(error), str(error))
    except Exception as error:  # noqa: BLE001 - every outcome must become a status code
        return unexpected(error)
