"""What every answer to the world tells browsers and caches, and what a function says as it is loaded."""

from __future__ import annotations

import logging

from flask import Response, current_app, has_app_context
from werkzeug.exceptions import HTTPException

from picket.effects.telemetry import note
from picket.errors import Misconfigured
from picket.runtime.problems import problem
from picket.settings import settings

_POLICY = (
    "default-src 'none'",
    "style-src 'self'",  # all that a page loads: one sheet of ours, no script, no image
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
)
_HEADERS = {
    "Content-Security-Policy": "; ".join(_POLICY),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_TWO_YEARS = 2 * 365 * 86_400


def hardened(response: Response) -> Response:
    """Add the header fields that keep an answer from being framed, sniffed, cached or read by another site."""
    there = {name.lower() for name, _ in response.headers}  # every look-up in them goes through all
    for name, value in _HEADERS.items():
        if name.lower() not in there:
            response.headers.add(name, value)
    if _is_behind_https():
        # Of this host alone: what else is below its domain is not ours to speak for.
        response.headers["Strict-Transport-Security"] = f"max-age={_TWO_YEARS}"
    return response


def _is_behind_https() -> bool:
    try:
        return settings().public_url.startswith("https://")
    except Misconfigured:
        return False  # probes are answered all the same; everything else says what is wrong


def set_up() -> None:
    """Do once, as a function is loaded, what it owes the world before its first request."""
    if has_app_context():  # functions-framework loads a function inside its application
        current_app.register_error_handler(HTTPException, _refusal)
    _tell_what_is_weakened()


def _refusal(error: HTTPException) -> Response:
    """Answer for the framework where its routes take no request: a line break in a path, /robots.txt."""
    return hardened(problem(error.code or 500, str(error.description)))


def _tell_what_is_weakened() -> None:
    try:
        found = settings().weakening
    except Misconfigured:
        return  # each answer says so
    if found:
        note("settings weaken security", level=logging.WARNING, settings=found)
