"""Errors as `application/problem+json` (RFC 9457)."""

from __future__ import annotations

import json
from http import HTTPStatus

from flask import Response

from picket.errors import (
    Conflict,
    Gone,
    Malformed,
    Misconfigured,
    PermanentError,
    TooLarge,
    TransientError,
    Unauthorized,
    Unsupported,
    WrongMediaType,
)

RETRY_AFTER_SECONDS = 1


def problem(status: int, detail: str, **more: object) -> Response:
    """Return a problem response.

    Args:
        status: HTTP status.
        detail: What is the matter, for a person; never input that could be a secret.
        more: Extension members.
    """
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail, **more}
    response = Response(json.dumps(body), status=status, content_type="application/problem+json")
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        response.headers["Connection"] = "close"  # the rest of the body is still on its way
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


def status_of(error: Exception) -> int:
    """Return the HTTP status that tells a client what *error* means."""
    for kind, status in _STATUSES.items():
        if isinstance(error, kind):
            return status
    return HTTPStatus.SERVICE_UNAVAILABLE if is_outage(error) else HTTPStatus.INTERNAL_SERVER_ERROR


def is_outage(error: Exception) -> bool:
    """Return whether *error* says that something outside is away just now, so that it is enough to try again."""
    if isinstance(error, TransientError):
        return True
    from picket.effects.mongo import failures  # noqa: PLC0415 - 150 ms that a healthy start does not pay

    return failures.is_outage(error)


def reason_of(error: Exception) -> str:
    """Return why the work cannot be done now, in words of Picket's own; "" for an unexpected error."""
    if isinstance(error, TransientError | Misconfigured):
        return str(error)
    from picket.effects.mongo import failures  # noqa: PLC0415 - see is_outage

    return failures.reason(error)


_STATUSES: dict[type[Exception], int] = {
    WrongMediaType: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    Unauthorized: HTTPStatus.UNAUTHORIZED,
    Malformed: HTTPStatus.BAD_REQUEST,
    Gone: HTTPStatus.NOT_FOUND,
    Conflict: HTTPStatus.CONFLICT,
    Unsupported: HTTPStatus.UNPROCESSABLE_ENTITY,
    PermanentError: HTTPStatus.BAD_REQUEST,
}
