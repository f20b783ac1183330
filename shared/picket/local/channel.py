"""One broker's stream in JetStream: durable publishing, and a consumer for each Trigger."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import nats.errors
import nats.js.errors
from nats.aio.client import Client as Nats
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.js import JetStreamContext
from nats.js.api import (
    AckPolicy,
    ConsumerConfig,
    ConsumerInfo,
    DeliverPolicy,
    DiscardPolicy,
    RetentionPolicy,
    StorageType,
    StreamConfig,
)

from picket.channel.model import Delivery
from picket.effects.telemetry.shapes import identifier
from picket.errors import PermanentError, TransientError
from picket.events.cloudevent import CloudEvent, unpack
from picket.local.resources import Broker, Trigger
from picket.local.subjects import filter_subjects, subject

log = logging.getLogger(__name__)

PUBLISH_SECONDS = 5.0
_TRY_SECONDS = 1.0
LEASE_SECONDS = 5.0
"""The server redelivers what has not been touched for so long: that is when the stack died, not when a function is
slow. How long an attempt may take is the dispatcher's business, and what it works on it keeps touching."""

_NO_END = -1
_NOT_A_NAME = re.compile(r"[^A-Za-z0-9_-]")
_OWNER = "picket.dev/trigger"


class NotStored(TransientError):
    """The stream did not confirm that it has the event."""


class Immutable(PermanentError):
    """The stream that is there differs from the manifest in something that cannot be changed."""


class Channel:
    """The stream that a broker's events go through."""

    def __init__(self, nats: Nats, broker: Broker) -> None:
        self.broker = broker
        self._nats = nats
        self._js: JetStreamContext = nats.jetstream(timeout=PUBLISH_SECONDS)
        self.stream = broker.template.stream or _NOT_A_NAME.sub("_", f"{broker.namespace}_{broker.name}")
        self._base = f"events.{self.stream}"

    @property
    def delivery(self) -> Delivery:
        """What each consumer is made with, whichever Trigger it is for."""
        return Delivery(ack_wait=LEASE_SECONDS, max_deliver=_NO_END)

    async def open(self) -> None:
        """Create the stream, or bring it up to date with the manifest."""
        template = self.broker.template
        config = StreamConfig(
            name=self.stream,
            subjects=[f"{self._base}.>"],
            retention=RetentionPolicy(template.retention),
            storage=StorageType(template.storage),
            discard=DiscardPolicy(template.discard),
            max_age=template.max_age,
            max_bytes=template.max_bytes,
            max_msgs=template.max_messages,
            duplicate_window=template.duplicate_window,
        )
        try:
            await self._js.add_stream(config)
        except nats.js.errors.BadRequestError:  # there is one with other settings
            try:
                await self._js.update_stream(config)
            except nats.js.errors.APIError as error:
                raise Immutable(f"stream {self.stream} cannot become what the manifest says: {error}") from error

    async def publish(self, event: CloudEvent) -> None:
        """Store *event*. One whose id was seen within the duplicate window is dropped, as if it had been stored.

        Raises:
            NotStored: The stream refuses it, or does not answer in time.
        """
        if event.structured_size > self._nats.max_payload:
            raise NotStored(f"the event is larger than the {self._nats.max_payload} bytes the stream takes")
        deadline = time.monotonic() + PUBLISH_SECONDS
        while True:
            try:
                await self._js.publish(
                    subject(self._base, event.attributes["type"]),
                    event.pack(),
                    timeout=min(_TRY_SECONDS, PUBLISH_SECONDS),
                    headers={"Nats-Msg-Id": event.attributes["id"]},
                )
            except TimeoutError as error:
                # What is on its way when a server dies is lost. Sending it twice is safe: the id is told again.
                if time.monotonic() >= deadline:
                    raise NotStored("the stream does not answer") from error
            except (nats.errors.Error, nats.js.errors.Error) as error:
                raise NotStored(f"the stream did not take the event: {error}") from error
            else:
                return

    async def subscribe(self, trigger: Trigger, handle: Callable[[Message], Awaitable[None]]) -> Subscription:
        """Create the durable consumer of *trigger*, or go on with it, and pass its messages to *handle*."""
        name = _NOT_A_NAME.sub("_", trigger.name)
        inbox = f"deliver.{self.stream}.{name}"
        template = self.broker.template
        config = ConsumerConfig(
            durable_name=name,
            deliver_policy=await self._deliver_policy(name),
            deliver_subject=inbox,
            ack_policy=AckPolicy.EXPLICIT,
            ack_wait=self.delivery.ack_wait,
            # Attempts are counted from the message, so that an event whose last attempt the stack did not survive is
            # dead-lettered after all. The genuine channel has retry + 1 here and loses it.
            max_deliver=self.delivery.max_deliver,
            max_ack_pending=template.max_ack_pending,
            filter_subjects=list(filter_subjects(self._base, trigger.filter)),
            metadata={_OWNER: trigger.name},
        )

        async def receive(message: Msg) -> None:
            try:
                event = unpack(message.data)
            except ValueError:
                log.exception("%s: a message in the stream is no event; dropped", trigger.name)
                await message.term()
            else:
                await handle(Message(message, event))

        subscription = await self._nats.subscribe(inbox, cb=receive)
        await self._js.add_consumer(self.stream, config)
        return subscription

    async def forget_all_but(self, triggers: set[str]) -> None:
        """Delete the consumers of Triggers that are no longer there."""
        for info in await self._js.consumers_info(self.stream):
            owner = (info.config.metadata or {}).get(_OWNER)
            if owner is not None and owner not in triggers:
                await self._js.delete_consumer(self.stream, info.name)

    async def backlog(self) -> dict[str, int]:
        """Return how many events each Trigger has not finished with."""
        return {name: _unfinished(info) for name, info in (await self._consumers()).items()}

    async def oldest(self) -> dict[str, float]:
        """Return the age in seconds of the oldest event that each Trigger has not finished with, 0 without one."""
        return {
            name: await self._age(info) if _unfinished(info) else 0.0
            for name, info in (await self._consumers()).items()
        }

    async def _consumers(self) -> dict[str, ConsumerInfo]:
        """Return the consumers by the name of their Trigger."""
        return {
            info.config.metadata[_OWNER]: info
            for info in await self._js.consumers_info(self.stream)
            if info.config.metadata and _OWNER in info.config.metadata
        }

    async def _age(self, info: ConsumerInfo) -> float:
        """Return the age of the first event after those that are all acknowledged."""
        after = (info.ack_floor.stream_seq if info.ack_floor else 0) + 1
        times: list[datetime] = []
        for wanted in info.config.filter_subjects or [info.config.filter_subject or ">"]:
            try:
                message = await self._js.get_msg(self.stream, seq=after, subject=wanted, next=True)
            except nats.js.errors.NotFoundError:
                continue  # it was acknowledged meanwhile
            if message.time is not None:
                times.append(message.time)
        return max(0.0, (datetime.now(UTC) - min(times)).total_seconds()) if times else 0.0

    def owns(self, trigger: Trigger) -> bool:
        """Return whether *trigger* is one of this broker's."""
        return (trigger.namespace, trigger.broker) == (self.broker.namespace, self.broker.name)

    async def _deliver_policy(self, name: str) -> DeliverPolicy:
        """Return the policy of the manifest for a new consumer; that of an old one cannot be changed."""
        try:
            existing = await self._js.consumer_info(self.stream, name)
        except nats.js.errors.NotFoundError:
            return DeliverPolicy(self.broker.template.deliver_policy)
        return existing.config.deliver_policy or DeliverPolicy.ALL


def _unfinished(info: ConsumerInfo) -> int:
    return (info.num_pending or 0) + (info.num_ack_pending or 0)


class Message:
    """An event in the stream, as one consumer has it."""

    def __init__(self, message: Msg, event: CloudEvent) -> None:
        self._message = message
        self.event = event
        metadata = message.metadata
        self.sequence = metadata.sequence.stream
        self.attempt = metadata.num_delivered or 1

    async def ack(self) -> None:
        """Be done with it."""
        await self._settle(self._message.ack())

    async def drop(self) -> None:
        """Finish with it, although no Trigger wanted it."""
        await self._settle(self._message.term())

    async def retry(self, wait: float) -> None:
        """Have it redelivered after *wait* seconds."""
        await self._settle(self._message.nak(delay=wait))

    async def touch(self) -> None:
        """Keep it from being redelivered for another lease."""
        await self._settle(self._message.in_progress())

    async def _settle(self, sent: Awaitable[None]) -> None:
        try:
            await sent
        except nats.errors.Error as error:
            # At least once: what cannot be settled comes again when its lease has run out.
            log.warning("event %s stays unsettled: %s", identifier(self.event.attributes["id"]), error)


class ServerMismatch(Exception):
    """Another server answers at the address of ours."""


async def connect(url: str, server_name: str = "") -> Nats:
    """Connect to the server at *url* for good: a lost connection is taken up again for as long as it takes.

    Raises:
        ServerMismatch: It is not the one called *server_name*.
    """

    async def lost() -> None:
        await asyncio.sleep(0)
        if not connection.is_closed:
            log.warning("lost the connection to NATS")

    async def again() -> None:
        await asyncio.sleep(0)
        log.warning("connected to NATS again")

    async def problem(error: Exception) -> None:
        await asyncio.sleep(0)
        log.debug("NATS: %r", error)

    connection = Nats()
    await connection.connect(
        url,
        name="picket",
        connect_timeout=2,
        max_reconnect_attempts=-1,
        reconnect_time_wait=0.1,  # type: ignore[arg-type]  # slept for, so a fraction will do
        disconnected_cb=lost,
        reconnected_cb=again,
        error_cb=problem,
    )
    found = connection._server_info.get("server_name", "")  # noqa: SLF001 - there is no public way to ask
    if server_name and found != server_name:
        await connection.close()
        raise ServerMismatch(f"the server at this address is {found!r}, not {server_name!r}")
    return connection
