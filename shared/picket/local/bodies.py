"""Reads a request's body the way the low-level server leaves to its users."""

from __future__ import annotations

from aiohttp import web


async def read_body(request: web.BaseRequest) -> bytes:
    """Return the body of *request*, asking for it first if the client waits for that.

    Raises:
        web.HTTPRequestEntityTooLarge: It is larger than the server takes.
    """
    limit = request.client_max_size
    if limit and request.content_length is not None and request.content_length > limit:
        raise web.HTTPRequestEntityTooLarge(max_size=limit, actual_size=request.content_length)
    if request.headers.get("Expect", "").lower() == "100-continue":
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0  # an interim answer is no part of the real one
    return await request.read()
