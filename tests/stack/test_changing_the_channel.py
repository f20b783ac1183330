"""A stream is changed as the runbook says ("Change the channel"), on three servers and with events in flight."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import nats
import nats.errors
import pytest
import yaml
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.api import (
    AckPolicy,
    ConsumerConfig,
    DeliverPolicy,
    DiscardPolicy,
    RetentionPolicy,
    StorageType,
    StreamConfig,
)
from nats.js.errors import APIError, Error
from tests.local.rig import until as within
from tests.manifests.cluster import Cluster
from tests.support import jetstream as cluster_of
from tests.support import kustomize

from picket.channel import comparison, template
from picket.channel.model import ChannelTemplate, Delivery
from picket.effects import jetstream

pytestmark = [pytest.mark.stack, pytest.mark.slow]

KNATIVE = Path(__file__).parents[2] / "knative"
STREAM = "KN_PICKET__DEFAULT_KNE_TRIGGER"
TRIGGERS = {"scan": Delivery(300.5, 9), "score": Delivery(30.5, 9)}


def template_of(overlay: str) -> ChannelTemplate:
    built = Cluster(kustomize.build(KNATIVE / "overlays" / overlay), {})
    [config] = [one for one in built.of("ConfigMap") if one["metadata"]["name"] == "broker-channel"]
    return template.read(config["data"]["channel-template-spec"], "broker-channel.yaml")


def stream_of(wanted: ChannelTemplate, name: str = STREAM) -> StreamConfig:
    """What eventing-natss makes of a template."""
    return StreamConfig(
        name=name,
        subjects=[f"{name}.events"],
        retention=RetentionPolicy(wanted.retention),
        storage=StorageType(wanted.storage),
        discard=DiscardPolicy(wanted.discard),
        max_age=wanted.max_age,
        max_bytes=wanted.max_bytes,
        duplicate_window=wanted.duplicate_window,
        num_replicas=wanted.replicas,
    )


def consumer_of(wanted: ChannelTemplate, trigger: str, stream: str = STREAM) -> ConsumerConfig:
    """What eventing-natss makes of a Trigger."""
    return ConsumerConfig(
        durable_name=trigger,
        deliver_group=trigger,
        deliver_subject=f"deliver.{stream}.{trigger}",
        deliver_policy=DeliverPolicy(wanted.deliver_policy),
        ack_policy=AckPolicy.EXPLICIT,
        ack_wait=TRIGGERS[trigger].ack_wait,
        max_deliver=TRIGGERS[trigger].max_deliver,
        max_ack_pending=wanted.max_ack_pending,
    )


class Traffic:
    """A sender that repeats what is not confirmed, under the same id, and the Triggers that get its events."""

    def __init__(self, connection: Client) -> None:
        self.js = connection.jetstream(timeout=10)
        self.stream = STREAM
        self.sent: list[str] = []
        self.got: dict[str, list[str]] = {name: [] for name in TRIGGERS}
        self._connection = connection
        self._open = asyncio.Event()
        self._waits = asyncio.Event()
        self._sender = asyncio.create_task(self._send())

    async def make(self, wanted: ChannelTemplate, stream: str = STREAM) -> None:
        """Make a stream and its consumers, and subscribe to them."""
        await patiently(lambda: self.js.add_stream(stream_of(wanted, stream)))
        for name in TRIGGERS:
            config = consumer_of(wanted, name, stream)
            await patiently(lambda config=config: self.js.add_consumer(stream, config))  # type: ignore[misc]
            await self._connection.subscribe(str(config.deliver_subject), queue=name, cb=self._receiver(name))

    def _receiver(self, trigger: str) -> Callable[[Msg], Awaitable[None]]:
        async def receive(message: Msg) -> None:
            event = (message.headers or {})["Nats-Msg-Id"]
            if message.metadata.num_delivered == 1 and event.endswith("7"):
                await message.nak(delay=0.2)  # one in ten waits for a retry
            else:
                self.got[trigger].append(event)
                await message.ack()

        return receive

    async def _send(self) -> None:
        number = 0
        while True:
            if not self._open.is_set():
                self._waits.set()
                await self._open.wait()
            number += 1
            await self._post(f"e{number}")

    async def _post(self, event: str) -> None:
        while True:
            try:
                await self.js.publish(f"{self.stream}.events", b"x" * 500, timeout=1, headers={"Nats-Msg-Id": event})
            except (nats.errors.Error, Error):
                await asyncio.sleep(0.02)
            else:
                self.sent.append(event)
                return

    async def flow(self, more: int = 300) -> None:
        """Wait until so many more events went through."""
        wanted = len(self.sent) + more
        await until(lambda: asyncio.sleep(0, min(len(self.sent), *map(len, self.got.values())) >= wanted))

    async def hold(self) -> None:
        """Let no more events in: what is on its way is confirmed first."""
        self._waits.clear()
        self._open.clear()
        await self._waits.wait()

    def go_on(self) -> None:
        """Let events in, once there are consumers."""
        self._open.set()

    async def drained(self, stream: str) -> None:
        """Wait until every consumer of a stream is done with all that is in it."""

        async def is_empty() -> bool:
            found = await patiently(lambda: self.js.consumers_info(stream))
            return bool(found) and not any(one.num_pending or one.num_ack_pending for one in found)

        await until(is_empty)

    async def end(self) -> None:
        """Stop sending, and see that each event that was confirmed came to each Trigger."""
        await self.hold()
        self._sender.cancel()
        await self.drained(self.stream)
        for name, got in self.got.items():
            assert set(self.sent) - set(got) == set(), f"lost on the way to {name}"
        assert len(self.sent) > 300


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    await within(condition, 60.0)


async def patiently(ask: Callable[[], Awaitable[Any]]) -> Any:
    """Ask until JetStream answers: while a stream moves to other servers it may not."""
    async with asyncio.timeout(60):
        while True:
            try:
                return await ask()
            except (nats.errors.TimeoutError, nats.errors.NoRespondersError):
                await asyncio.sleep(0.1)
            except APIError as error:
                if error.code != 503:
                    raise
                await asyncio.sleep(0.1)


async def edit(traffic: Traffic, wanted: ChannelTemplate) -> None:
    await patiently(lambda: traffic.js.update_stream(stream_of(wanted)))
    await patiently(lambda: traffic.js.add_consumer(STREAM, consumer_of(wanted, "scan")))


async def current(traffic: Traffic) -> bool:
    """Return whether every replica of the stream has all of it, as `nats stream info` shows."""
    info = await patiently(lambda: traffic.js.stream_info(STREAM))
    followers = (info.cluster.replicas or []) if info.cluster else []
    return len(followers) == info.config.num_replicas - 1 and all(one.current for one in followers)


async def differing(urls: list[str], wanted: ChannelTemplate, stream: str = STREAM) -> set[str]:
    found = await asyncio.to_thread(jetstream.look, urls[0], stream)
    return {one.setting for one in comparison.differences(wanted, TRIGGERS, *found)}


@pytest.fixture
def urls(tmp_path: Path) -> Iterator[list[str]]:
    """Three servers."""
    with cluster_of.servers(tmp_path, 3) as found:
        yield found


def with_traffic(urls: list[str], change: Callable[[Traffic], Awaitable[None]]) -> None:
    async def run() -> None:
        connection = await nats.connect(urls, max_reconnect_attempts=-1)
        try:
            traffic = Traffic(connection)
            await change(traffic)
            await traffic.end()
        finally:
            await connection.close()

    asyncio.run(run())


def test_the_stream_of_dev_becomes_that_of_production_and_nothing_is_lost(urls: list[str]) -> None:
    dev, production = template_of("dev"), template_of("production")
    wanted = dataclasses.replace(production, duplicate_window=300.0, max_age=86_400.0, max_ack_pending=200)

    async def change(traffic: Traffic) -> None:
        await traffic.make(dev)
        traffic.go_on()
        await traffic.flow()
        assert await differing(urls, dev) == set()
        assert await differing(urls, production) == {"replicas", "max_bytes"}
        changed = stream_of(dev)
        edits: tuple[dict[str, Any], ...] = (
            {"num_replicas": 3},
            {"max_bytes": wanted.max_bytes},
            {"duplicate_window": wanted.duplicate_window},
            {"max_age": wanted.max_age},
            {"max_msgs": 1_000_000},
            {"max_msgs": -1},
            {"discard": DiscardPolicy.OLD},
            {"discard": DiscardPolicy.NEW},
            {"retention": RetentionPolicy.LIMITS},
            {"retention": RetentionPolicy.INTEREST},
        )
        for one in edits:
            changed = dataclasses.replace(changed, **one)
            await patiently(lambda config=changed: traffic.js.update_stream(config))  # type: ignore[misc]
            await until(lambda: current(traffic))
            await traffic.flow(100)
        for name in TRIGGERS:
            config = consumer_of(wanted, name)
            await patiently(lambda config=config: traffic.js.add_consumer(STREAM, config))  # type: ignore[misc]
        await traffic.flow()
        assert await differing(urls, wanted) == set()

    with_traffic(urls, change)


REFUSED = [
    pytest.param({"storage": "memory"}, {}, "can not change storage type", id="storage"),
    pytest.param({"retention": "workqueue"}, {}, "retention policy to/from workqueue", id="retention"),
    pytest.param({}, {"deliver_policy": "all"}, "deliver policy can not be updated", id="deliverPolicy"),
]


@pytest.mark.parametrize(("of_stream", "of_consumers", "reason"), REFUSED)
def test_what_jetstream_refuses_to_change_comes_with_a_broker_of_another_name(
    urls: list[str], of_stream: dict[str, Any], of_consumers: dict[str, Any], reason: str
) -> None:
    """The new stream has its consumers before anybody sends to it: with `Interest`, what nobody wants is not kept."""
    wanted = template_of("production")
    former = dataclasses.replace(wanted, **of_stream, **of_consumers)
    if former.retention == "workqueue":
        wanted, former = former, wanted  # one consumer a subject only: the other way round is as impossible
    beside = "KN_PICKET__EVENTS_KNE_TRIGGER"

    async def change(traffic: Traffic) -> None:
        await traffic.make(former)
        traffic.go_on()
        await traffic.flow()
        with pytest.raises(APIError, match=reason):
            await edit(traffic, wanted)
        replacement = dataclasses.replace(wanted, retention="interest")
        await traffic.make(replacement, beside)
        traffic.stream = beside
        await traffic.flow()
        await traffic.drained(STREAM)
        await patiently(lambda: traffic.js.delete_stream(STREAM))
        await traffic.flow()
        assert await differing(urls, replacement, beside) == set()

    with_traffic(urls, change)


def test_a_stream_that_is_drained_while_nobody_sends_is_made_again_under_its_name(urls: list[str]) -> None:
    former, wanted = dataclasses.replace(template_of("production"), storage="memory"), template_of("production")

    async def change(traffic: Traffic) -> None:
        await traffic.make(former)
        traffic.go_on()
        await traffic.flow()
        assert await differing(urls, wanted) == {"storage"}
        await traffic.hold()
        await traffic.drained(STREAM)
        await patiently(lambda: traffic.js.delete_stream(STREAM))
        await patiently(lambda: traffic.js.add_stream(stream_of(wanted)))
        for name in TRIGGERS:
            config = consumer_of(wanted, name)
            await patiently(lambda config=config: traffic.js.add_consumer(STREAM, config))  # type: ignore[misc]
        traffic.go_on()
        await traffic.flow()
        assert await differing(urls, wanted) == set()

    with_traffic(urls, change)


def test_what_is_sent_while_a_stream_has_no_consumer_is_confirmed_and_gone(urls: list[str]) -> None:
    """The reason for the order above: `undeploy`, `nats stream rm` and `deploy` alone would lose events."""
    wanted = template_of("production")

    async def run() -> None:
        connection = await nats.connect(urls)
        try:
            manager = connection.jetstream(timeout=10)
            await patiently(lambda: manager.add_stream(stream_of(wanted)))
            await patiently(lambda: manager.publish(f"{STREAM}.events", b"", headers={"Nats-Msg-Id": "1"}))
            info = await patiently(lambda: manager.stream_info(STREAM))
            assert info.state.messages == 0
        finally:
            await connection.close()

    asyncio.run(run())


def test_the_triggers_of_this_test_are_delivered_as_those_of_the_project() -> None:
    config = yaml.safe_load((KNATIVE / "base" / "config.yaml").read_text())["data"]
    wanted = yaml.safe_load(config["PICKET_CONSUMERS"])
    assert {name: dataclasses.asdict(one) for name, one in TRIGGERS.items()} == {
        name: wanted[name] for name in TRIGGERS
    }
