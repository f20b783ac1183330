"""Reading a request's body, no further than it may be long."""

from __future__ import annotations

from io import BytesIO

from flask import Request
from werkzeug.exceptions import RequestEntityTooLarge

from picket.errors import TooLarge

MAX_EVENT_BYTES = 4 * 1024 * 1024
"""NATS carries 1 MiB; structured mode may add escapes and base64."""


def read_body(request: Request, max_bytes: int) -> bytes:
    """Return the body, and leave it to be read again.

    functions-framework reads what is left of a body after the answer, however long it is; so a body that is too long
    is replaced by an empty one.

    Raises:
        TooLarge: It has more than *max_bytes*; no more than that was read.
    """
    request.max_content_length = max_bytes
    try:
        body = request.get_data()
    except RequestEntityTooLarge:
        request.max_content_length = None
        _replace(request, b"")
        raise TooLarge(f"a body has at most {max_bytes} bytes here") from None
    _replace(request, body)
    return body


def _replace(request: Request, body: bytes) -> None:
    request.environ["wsgi.input"] = BytesIO(body)
    request.environ["CONTENT_LENGTH"] = str(len(body))
    request.environ.pop("HTTP_TRANSFER_ENCODING", None)
    request.environ["wsgi.input_terminated"] = True
