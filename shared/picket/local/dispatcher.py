"""Delivers a Trigger's events: filter, attempt, and what follows from its outcome."""

from __future__ import annotations

import asyncio
import base64
import logging
import time
from collections import Counter

from nats.aio.subscription import Subscription

from picket.effects.telemetry.shapes import identifier
from picket.errors import Malformed
from picket.events.cloudevent import CloudEvent, from_http, is_event
from picket.local.channel import LEASE_SECONDS, Channel, Message
from picket.local.delivery import (
    CLUSTER_DEFAULT,
    ERROR_DATA_BYTES,
    Destination,
    Failure,
    Kind,
    Outcome,
    Profile,
    Settle,
    Verdict,
    decide,
)
from picket.local.ingress import TTL, Ingress, Refused, hops_left
from picket.local.outbound import Outbound
from picket.local.resources import Trigger
from picket.local.wire import Response, Unreachable

log = logging.getLogger(__name__)

TOUCH_SECONDS = LEASE_SECONDS / 4


class Dispatcher:
    """One Trigger at work."""

    def __init__(self, trigger: Trigger, channel: Channel, ingress: Ingress, outbound: Outbound) -> None:
        self.trigger = trigger
        self._channel = channel
        self._ingress = ingress
        self._outbound = outbound
        self._profile = ingress.profile
        self._delivery = trigger.delivery or channel.broker.delivery or CLUSTER_DEFAULT
        self._cancel_after = self._delivery.cancel_after(channel.broker.template.ack_wait)
        self._extra = [("prefer", "reply"), ("kn-namespace", trigger.namespace)]
        self._running: dict[asyncio.Task[None], tuple[Message, float]] = {}
        self._held: set[int] = set()  # events that are done with and only keep their slot
        self.outcomes: Counter[str] = Counter()
        """Attempts since the start of the stack by what became of them: done, retried, dead_lettered or lost."""
        self._subscription: Subscription | None = None
        self._toucher: asyncio.Task[None] | None = None

    @property
    def in_flight(self) -> int:
        """Events that are being delivered at this moment."""
        return len(self._running)

    async def start(self) -> None:
        """Begin to take events."""
        self._subscription = await self._channel.subscribe(self.trigger, self._take)
        self._toucher = asyncio.create_task(self._keep_touching())

    async def stop(self) -> None:
        """Take no more events, and give back those that are being delivered."""
        if self._subscription is not None:
            await self._subscription.unsubscribe()
        if self._toucher is not None:
            self._toucher.cancel()
        unfinished = dict(self._running)
        for task in unfinished:
            task.cancel()
        await asyncio.gather(*unfinished, return_exceptions=True)
        for message, _ in unfinished.values():
            await message.retry(0.0)

    async def _take(self, message: Message) -> None:
        if not self.trigger.filter.matches(message.event.attributes):
            await message.ack()
            return
        task = asyncio.create_task(self._deliver(message))
        self._running[task] = (message, time.monotonic())
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._running.pop(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("%s: delivery broke, the event comes again", self.trigger.name, exc_info=error)

    async def _keep_touching(self) -> None:
        """Touch what has been running for a while, so that only a dead stack's events are redelivered."""
        while True:
            await asyncio.sleep(TOUCH_SECONDS)
            before = time.monotonic() - TOUCH_SECONDS
            for message, started in list(self._running.values()):
                if started < before:
                    await message.touch()

    async def _deliver(self, message: Message) -> None:
        if message.attempt > self._delivery.retry + 1:
            await self._finish(message)
            return
        outcome, response = await self._attempt(message.event)
        if outcome.succeeded and is_event(response.headers):
            await self._pass_on_reply(message, response)
            return
        await self._settle(message, decide(self._profile, self._delivery, message.attempt, outcome))

    async def _finish(self, message: Message) -> None:
        """Free the slot of an event that has had its attempts; if the stack died in the last, dead-letter it first."""
        if message.sequence in self._held:
            self._held.discard(message.sequence)
        else:
            await self._bury(message.event, None, self.trigger.subscriber.url)
        await message.drop()

    async def _attempt(self, event: CloudEvent) -> tuple[Outcome, Response]:
        bare = CloudEvent({name: value for name, value in event.attributes.items() if name != TTL}, event.data)
        none = Response(0)
        try:
            async with asyncio.timeout(self._cancel_after):
                response = await self._outbound.post(self.trigger.subscriber, bare, self._extra)
        except TimeoutError:
            return Outcome(Kind.TIMED_OUT), none
        except Unreachable as error:
            return Outcome(Kind.UNREACHABLE, body=str(error).encode()), none
        outcome = Outcome(Kind.ANSWERED, response.status, response.body)
        if outcome.succeeded and response.body and not is_event(response.headers):
            return Outcome(Kind.STRAY_BODY, body=response.body), none
        return outcome, response

    async def _pass_on_reply(self, message: Message, response: Response) -> None:
        """Send a function's answer to the broker as a new event."""
        genuine = self._profile is Profile.NATSS
        if genuine:
            # Done with before the answer is stored: when that fails, the function is not called again.
            await message.ack()
        try:
            reply = from_http(response.headers, response.body)
            await self._ingress.reply(self._channel.broker.path, reply, hops_left(message.event))
            self.outcomes["done"] += 1
        except (Malformed, Refused) as error:
            log.warning("%s: the reply was refused: %s", self.trigger.name, error)
            if genuine:
                await self._bury(
                    message.event, Failure(500, str(error).encode()), self._ingress.url + self._channel.broker.path
                )
            else:
                outcome = Outcome(Kind.UNREACHABLE, body=str(error).encode())
                await self._settle(message, decide(self._profile, self._delivery, message.attempt, outcome))
            return
        if not genuine:
            await message.ack()

    async def _settle(self, message: Message, verdict: Verdict) -> None:
        if verdict.bury:
            await self._bury(message.event, verdict.failure, self.trigger.subscriber.url)
        match verdict.settle:
            case Settle.ACK:
                self.outcomes["done"] += 1
                await message.ack()
            case Settle.RETRY:
                self.outcomes["retried"] += 1
                await message.retry(verdict.wait)
            case Settle.HOLD:
                self._held.add(message.sequence)
                await message.retry(verdict.wait)
            case Settle.DROP:
                self.outcomes["lost"] += not verdict.bury
                await message.drop()

    async def _bury(self, event: CloudEvent, failure: Failure | None, destination: str) -> None:
        """Post *event* to the dead-letter sink; count what became of it."""
        self.outcomes["dead_lettered" if await self._is_buried(event, failure, destination) else "lost"] += 1

    async def _is_buried(self, event: CloudEvent, failure: Failure | None, destination: str) -> bool:
        """Post *event* to the dead-letter sink, trying as often as its delivery says; then it is gone."""
        name, sink = identifier(event.attributes["id"]), self._delivery.dead_letter
        if sink is None:
            log.error("%s: event %s failed and there is no dead-letter sink", self.trigger.name, name)
            return False
        letter = event if failure is None else event.extended(**_extensions(failure, destination))
        for attempt in range(1, self._delivery.retry + 2):
            if await self._sink_takes(sink, letter):
                log.warning("%s: event %s was dead-lettered", self.trigger.name, name)
                return True
            if attempt <= self._delivery.retry:
                await asyncio.sleep(self._delivery.sink_backoff(attempt))
        log.error("%s: event %s is lost: its dead-letter sink failed", self.trigger.name, name)
        return False

    async def _sink_takes(self, sink: Destination, letter: CloudEvent) -> bool:
        try:
            async with asyncio.timeout(self._cancel_after):
                response = await self._outbound.post(sink, letter, self._extra)
        except (TimeoutError, Unreachable) as error:
            log.warning("%s: the dead-letter sink is unreachable: %s", self.trigger.name, error)
            return False
        return Outcome(Kind.ANSWERED, response.status).succeeded


def _extensions(failure: Failure, destination: str) -> dict[str, str]:
    """Return what a dead letter bears beside the original event (Knative's error extensions)."""
    return {
        "knativeerrordest": destination,
        "knativeerrorcode": str(failure.code),
        "knativeerrordata": base64.b64encode(failure.data).decode()[:ERROR_DATA_BYTES],
    }
