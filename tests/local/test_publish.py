"""What stands between an event and its confirmation, without a server."""

import asyncio

import nats.errors
import pytest
from nats.aio.client import Client as Nats

from picket.channel.model import ChannelTemplate
from picket.events.cloudevent import CloudEvent
from picket.local import channel
from picket.local.channel import Channel, NotStored
from picket.local.resources import Broker

EVENT = CloudEvent({"specversion": "1.0", "id": "1", "source": "/s", "type": "t"}, b"")


class Stream:
    """Answers publishing with one error after another, then takes it."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.taken: list[str] = []

    async def publish(self, subject: str, _: bytes, **__: object) -> None:
        await asyncio.sleep(0)
        if self.errors:
            raise self.errors.pop(0)
        self.taken.append(subject)


def publish_to(stream: Stream) -> None:
    async def run() -> None:
        connection = Nats()
        connection._max_payload = 1 << 20
        there = Channel(connection, Broker("default", "sample", ChannelTemplate(), None))
        there._js = stream  # type: ignore[assignment]
        await there.publish(EVENT)

    asyncio.run(run())


def test_what_was_lost_on_its_way_is_sent_again() -> None:
    stream = Stream(nats.errors.TimeoutError(), nats.errors.TimeoutError())
    publish_to(stream)
    assert stream.taken == ["events.sample_default.t"]


def test_it_is_not_sent_again_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channel, "PUBLISH_SECONDS", 0)
    with pytest.raises(NotStored):
        publish_to(Stream(nats.errors.TimeoutError()))


def test_a_refusal_is_final() -> None:
    stream = Stream(nats.errors.MaxPayloadError())
    with pytest.raises(NotStored):
        publish_to(stream)
    assert stream.taken == []
