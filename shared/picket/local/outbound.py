"""Sends events to where a manifest says: a Service, a Broker, a JobSink, or a URL."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from picket.errors import Malformed
from picket.events.cloudevent import CloudEvent
from picket.local.activator import Activator
from picket.local.delivery import Destination
from picket.local.ingress import Ingress, Refused
from picket.local.jobs import Jobs
from picket.local.wire import Client, Request, Response


class Outbound:
    """All ways out of the broker."""

    def __init__(self, activator: Activator, ingress: Ingress, jobs: Jobs) -> None:
        self._activator = activator
        self._ingress = ingress
        self._jobs = jobs
        self._clients: dict[str, Client] = {}

    async def post(self, to: Destination, event: CloudEvent, extra: Iterable[tuple[str, str]] = ()) -> Response:
        """Post *event* in binary mode with *extra* headers.

        Raises:
            Unreachable: A URL does not answer. (A Service is always answered for.)
        """
        if to.broker:
            return await self._post_to_broker(to.broker, event)
        if to.job_sink:
            return self._jobs.take(to.job_sink, event)
        headers = [(name.encode(), value.encode()) for name, value in (*event.headers(), *extra)]
        if to.service:
            return await self._activator.send(to.service, Request("POST", to.path, headers, event.data))
        address = urlsplit(to.url)
        client = self._clients.get(address.netloc)
        if client is None:
            client = self._clients[address.netloc] = Client.of(to.url)
        target = (address.path or "/") + (f"?{address.query}" if address.query else "")
        return await client.send(Request("POST", target, headers, event.data))

    async def _post_to_broker(self, path: str, event: CloudEvent) -> Response:
        try:
            await self._ingress.accept(path, event.extended())
        except (Refused, Malformed) as error:
            return Response(500, body=str(error).encode())
        return Response(202)

    def close(self) -> None:
        """Close the connections to URLs."""
        for client in self._clients.values():
            client.close()
