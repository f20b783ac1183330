"""Answer the REST API, the web pages and the dead-letter sink."""

from flask import Request, Response

from picket.api.app import answer


def main(request: Request) -> Response:
    """Answer one request."""
    return answer(request)
