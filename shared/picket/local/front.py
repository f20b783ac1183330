"""The stack's address: `/in/…` goes to ingest; `/-/status` and `/metrics` are the stack's own; the rest goes to api."""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import web
from multidict import CIMultiDict

from picket.local.activator import Activator
from picket.local.bodies import read_body
from picket.local.replica import Died, Gone, StartFailed
from picket.local.status import Status
from picket.local.wire import Headers, Request, Response, without_hop_by_hop

PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"

MAX_BODY_BYTES = 26 * 1024 * 1024
"""A little above the 25 MiB that forges send at most, so that it is ingest that refuses what is just over."""

INGEST = "ingest"
API = "api"
STATUS, METRICS = "/-/status", "/metrics"
EVENTS = "/events"
"""Ends the paths whose answers last, and are passed on as they come."""
_LOOPBACK = frozenset({"127.0.0.1", "localhost"})


class Front:
    """Passes requests from outside to the two functions that face it, and tells how the stack stands."""

    def __init__(self, activator: Activator, status: Status) -> None:
        self._activator = activator
        self._status = status

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request."""
        target = request.raw_path
        if target in {STATUS, METRICS}:
            return await self._tell(request)
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
        asked = Request(request.method, target, headers, body)
        if request.method == "GET" and name == API and request.path.endswith(EVENTS):
            return await self._stream(request, asked)
        return _passed_on(await self._activator.send(name, asked))

    async def _stream(self, request: web.BaseRequest, asked: Request) -> web.StreamResponse:
        """Pass an answer on as it comes. One that breaks off ends: its reader asks again."""
        answer: web.StreamResponse | None = None
        try:
            async with self._activator.functions[API].stream(asked) as found:
                answer = web.StreamResponse(status=found.status, headers=_headers(found.headers))
                await answer.prepare(request)
                async for part in found.parts:
                    await answer.write(part)
        except (StartFailed, Died, Gone) as error:
            if answer is None:
                headers = {"Retry-After": "1"}
                return web.Response(status=HTTPStatus.SERVICE_UNAVAILABLE, text=str(error), headers=headers)
        return answer

    async def _tell(self, request: web.BaseRequest) -> web.Response:
        """Answer for the stack itself, but to no page of another site whose name was pointed at this machine."""
        if (request.host or "").rsplit(":", 1)[0] not in _LOOPBACK:
            return web.Response(status=HTTPStatus.MISDIRECTED_REQUEST, text="ask for it by the loopback address")
        if request.method != "GET":
            return web.Response(status=HTTPStatus.METHOD_NOT_ALLOWED, headers={"Allow": "GET"})
        if request.raw_path == STATUS:
            return web.json_response(await self._status.document(), headers={"Cache-Control": "no-store"})
        return web.Response(body=await self._status.exposition(), headers={"Content-Type": PROMETHEUS})


def _too_large() -> web.Response:
    response = web.Response(status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE, text="the body is too large")
    response.force_close()  # the rest of the body is not worth reading
    return response


def _passed_on(response: Response) -> web.Response:
    return web.Response(status=response.status, headers=_headers(response.headers), body=response.body)


def _headers(found: Headers) -> CIMultiDict[str]:
    """Return the headers of an answer but for its length: how the body goes on its way is this server's affair."""
    return CIMultiDict(
        (name.decode("latin-1"), value.decode("utf-8", "surrogateescape"))
        for name, value in found
        if name.lower() != b"content-length"
    )
