"""The stream of a real nats-server is compared with the channel's template, by the doctor and for the metric."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import nats
import pytest
from nats.js.api import ConsumerConfig, DiscardPolicy, StreamConfig
from tests.support import jetstream as servers
from tests.support.deployment import forget

from picket.effects.telemetry import metrics
from picket.orchestration import channel
from picket.runtime import doctor

pytestmark = pytest.mark.stack

TEMPLATE = """
spec:
  stream:
    config: {maxBytes: 1000000, discard: New}
  consumerConfigTemplate: {maxAckPending: 100}
"""
PASSWORD = "hidden-word"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that asks for a password, with the stream S of the template, and the stream OTHER of another."""

    async def make(url: str) -> None:
        connection = await nats.connect(url)
        manager = connection.jetstream()
        for name, limit in (("S", 1_000_000), ("OTHER", 2_000_000)):
            config = StreamConfig(
                name=name, subjects=[f"{name}.>"], max_bytes=limit, discard=DiscardPolicy.NEW, duplicate_window=120
            )
            await manager.add_stream(config)
            await manager.add_consumer(
                name, ConsumerConfig(durable_name="c", ack_wait=30.5, max_deliver=9, max_ack_pending=100)
            )
        await connection.close()

    with servers.servers(tmp_path_factory.mktemp("nats"), password=PASSWORD) as [found]:
        asyncio.run(make(found))
        yield found


@pytest.fixture
def compared(environment: pytest.MonkeyPatch, tmp_path: Path, url: str) -> pytest.MonkeyPatch:
    """Settings by which S is compared with the template."""
    (tmp_path / "template").write_text(TEMPLATE)
    environment.setenv("PICKET_NATS_URL", url)
    environment.setenv("PICKET_STREAM", "S")
    environment.setenv("PICKET_CHANNEL", str(tmp_path / "template"))
    environment.setenv("PICKET_CONSUMERS", json.dumps({"score": {"ack_wait": 30.5, "max_deliver": 9}}))
    environment.setenv("PICKET_METRICS", "true")
    forget()
    return environment


def told() -> doctor.Finding:
    forget()
    [found] = doctor.examine("channel")
    assert PASSWORD not in str(found)
    return found


def gauges() -> dict[str, str]:
    forget()
    channel.watch()
    text = metrics.exposition()[0].decode()
    lines = [line for line in text.splitlines() if line.startswith("picket_channel_differences{")]
    return {line.split('"')[1]: line.rpartition(" ")[2] for line in lines}


def test_a_stream_that_is_as_the_template_says_is_told_to_be(compared: pytest.MonkeyPatch) -> None:
    assert compared
    assert told().state == "ok"
    assert set(gauges().values()) == {"0.0"}
    assert "not-compared" in gauges()


def test_a_stream_that_is_another_is_told_with_what_differs(compared: pytest.MonkeyPatch) -> None:
    compared.setenv("PICKET_STREAM", "OTHER")
    found = told()
    assert (found.state, found.found) == ("wrong", "max_bytes is 2000000, not 1000000")
    assert "Change the channel" in found.advice
    assert {setting for setting, value in gauges().items() if value == "1.0"} == {"max-bytes"}


def test_a_template_that_changes_is_read_again(compared: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert compared
    assert told().state == "ok"
    (tmp_path / "template").write_text(TEMPLATE.replace("1000000", "3000000"))
    [found] = doctor.examine("channel")
    assert found.found == "max_bytes is 1000000, not 3000000"


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        pytest.param("PICKET_NATS_URL", "", "PICKET_NATS_URL is not set", id="no address"),
        pytest.param("PICKET_CHANNEL", "/nowhere/template", "PICKET_CHANNEL names no file", id="no template"),
    ],
)
def test_where_nothing_is_compared_that_is_said(
    compared: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    compared.setenv(name, value)
    found = told()
    assert found.state == "skipped"
    assert "was NOT compared" in found.found
    assert words in found.found


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        pytest.param("PICKET_STREAM", "NONE", "there is no stream NONE", id="no stream"),
        pytest.param("PICKET_NATS_URL", "nats://picket:wrong@{}", "NATS does not tell", id="wrong password"),
        pytest.param("PICKET_NATS_URL", f"nats://picket:{PASSWORD}@127.0.0.1:1", "NATS does", id="away"),
    ],
)
def test_where_nothing_can_be_compared_that_is_wrong(
    compared: pytest.MonkeyPatch, url: str, name: str, value: str, words: str
) -> None:
    compared.setenv(name, value.format(url.rpartition("@")[2]))
    found = told()
    assert found.state == "wrong"
    assert words in found.found
    assert {setting for setting, value in gauges().items() if value == "1.0"} == {"not-compared"}


def test_a_template_that_cannot_be_read_is_wrong(compared: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert compared
    (tmp_path / "template").write_text("spec: {streams: {}}")
    found = told()
    assert (found.state, "spec.streams: unknown key" in found.found) == ("wrong", True)
