"""The stack's address: `/in/…` goes to ingest, everything else to api."""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import web
from multidict import CIMultiDict

from picket.local.activator import Activator
from picket.local.bodies import read_body
from picket.local.wire import Request, Response, without_hop_by_hop

MAX_BODY_BYTES = 26 * 1024 * 1024
"""A little above the 25 MiB that forges send at most, so that it is ingest that refuses what is just over."""

INGEST = "ingest"
API = "api"


class Front:
    """Passes requests from outside to the two functions that face it."""

    def __init__(self, activator: Activator) -> None:
        self._activator = activator

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request."""
        target = request.raw_path
        name = INGEST if target.startswith("/in/") else API
        if name not in self._activator.functions:
            return web.Response(status=HTTPStatus.NOT_FOUND, text=f"there is no function {name}")
        try:
            body = await read_body(request)
        except web.HTTPRequestEntityTooLarge:
            return _too_large()
        headers = [
            (name, value)
            for name, value in without_hop_by_hop(request.raw_headers)
            if name.lower() not in {b"content-length", b"expect"}
        ]
        headers.append((b"x-forwarded-proto", b"http"))
        return _passed_on(await self._activator.send(name, Request(request.method, target, headers, body)))


def _too_large() -> web.Response:
    response = web.Response(status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE, text="the body is too large")
    response.force_close()  # the rest of the body is not worth reading
    return response


def _passed_on(response: Response) -> web.Response:
    headers = CIMultiDict(
        (name.decode("latin-1"), value.decode("utf-8", "surrogateescape"))
        for name, value in response.headers
        if name.lower() != b"content-length"
    )
    return web.Response(status=response.status, headers=headers, body=response.body)
