"""The brokers' HTTP address: events in, 202 once they are stored."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from http import HTTPStatus

from aiohttp import web

from picket.errors import Malformed
from picket.events.cloudevent import CloudEvent, compact_json, from_http, is_json, normalized_time
from picket.local.bodies import read_body
from picket.local.channel import Channel, NotStored
from picket.local.delivery import Profile
from picket.local.tracing import new_traceparent

MAX_BODY_BYTES = 8 * 1024 * 1024
"""Far above what a stream takes: such an event is to be read and refused as too large, not cut off."""

TTL = "knativebrokerttl"
ARRIVAL = "knativearrivaltime"
_FULL_TTL = 255


class Refused(Exception):
    """An event is not taken, for the reason that the HTTP status says."""

    def __init__(self, status: HTTPStatus, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class Ingress:
    """Takes events for the brokers it was given channels of."""

    def __init__(self, channels: Iterable[Channel], profile: Profile, url: str) -> None:
        self.profile = profile
        self.url = url
        self._channels = {channel.broker.path: channel for channel in channels}

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request to the ingress."""
        path = request.rel_url.raw_path
        if path not in self._channels:
            return web.Response(status=HTTPStatus.NOT_FOUND)
        if request.method == "OPTIONS":
            return web.Response(headers={"Allow": "POST, OPTIONS", "WebHook-Allowed-Origin": "*"})
        if request.method != "POST":
            return web.Response(status=HTTPStatus.METHOD_NOT_ALLOWED, headers={"Allow": "POST, OPTIONS"})
        try:
            await self.accept(path, from_http(request.raw_headers, await read_body(request)))
        except Malformed as error:
            return web.Response(status=HTTPStatus.BAD_REQUEST, text=str(error))
        except Refused as error:
            return web.Response(status=error.status, text=str(error))
        return web.Response(status=HTTPStatus.ACCEPTED)

    async def accept(self, path: str, event: CloudEvent) -> None:
        """Store *event* in the broker at *path*.

        Raises:
            Refused: It cannot be stored.
        """
        try:
            await self._channels[path].publish(self._received(event))
        except NotStored as error:
            raise Refused(HTTPStatus.INTERNAL_SERVER_ERROR, str(error)) from error

    async def reply(self, path: str, event: CloudEvent, ttl: int) -> None:
        """Store *event*, a function's answer to an event that had *ttl* hops left; with none left it ends here.

        Raises:
            Refused: It cannot be stored.
        """
        if ttl > 1:
            await self.accept(path, event.extended(**{TTL: str(ttl - 1)}))

    def _received(self, event: CloudEvent) -> CloudEvent:
        """Return *event* as it is stored: marked, and under `natss` rewritten as by the genuine channel."""
        attributes, data = event.attributes, event.data
        attributes.setdefault(TTL, str(_FULL_TTL))
        attributes[ARRIVAL] = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        if self.profile is Profile.NATSS:
            attributes.setdefault("traceparent", new_traceparent())
            data = _rewritten(attributes, data)
        return CloudEvent(attributes, data)


def _rewritten(attributes: dict[str, str], data: bytes) -> bytes:
    """Normalise *attributes* in place and return the data, compacted if it is JSON: what the channel's format does."""
    if "time" in attributes:
        attributes["time"] = normalized_time(attributes["time"])
    content_type = attributes.setdefault("datacontenttype", "application/json")
    if not data or not is_json(content_type):
        return data
    try:
        return compact_json(data)
    except Malformed as error:
        raise Refused(HTTPStatus.INTERNAL_SERVER_ERROR, "the data is not the JSON that it says it is") from error


def hops_left(event: CloudEvent) -> int:
    """Return how many more times replies to *event* may go through a broker."""
    text = event.attributes.get(TTL, "")
    return int(text) if text.isascii() and text.isdigit() else _FULL_TTL
