"""Answer the REST API, the web pages and the dead-letter sink."""

from flask import Request, Response

from picket.api.app import answer
from picket.runtime.hardening import set_up

set_up()


def main(request: Request) -> Response:
    """Answer one request."""
    return answer(request)
