"""The ingress and the stream beside the table of the genuine data plane; test_dataplane.py says what has no test."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import nats
import pytest
from tests.local.rig import (
    Sink,
    always,
    broker,
    delivery,
    eventually,
    running,
    trigger,
    until,
    with_sink,
)

from picket.local import channel
from picket.local.delivery import CLUSTER_DEFAULT

pytestmark = pytest.mark.stack

NATSS, SPEC = "natss", "spec"


@pytest.mark.parametrize("profile", [NATSS, SPEC])
def test_delivery_is_binary_asks_for_a_reply_and_hides_the_ttl(tmp_path: Path, profile: str) -> None:
    async def test(there: Sink, folder: Path) -> None:
        async with running(folder, trigger("a", f"{there.url}/a"), profile=profile) as rig:
            await rig.post("a", b'{"x":1}', traceparent="00-" + "1" * 32 + "-" + "2" * 16 + "-01")
            await eventually(lambda: there.calls("a"))
            headers = there.calls("a")[0].headers
            expected = {"id", "knativearrivaltime", "source", "specversion", "traceparent", "type"}
            assert {name[3:] for name in headers if name.startswith("ce-")} == expected
            assert (headers["content-type"], headers["prefer"]) == ("application/json", "reply")
            assert headers["kn-namespace"] == "sample"

    with_sink(test, tmp_path)


def test_an_event_without_a_trace_gets_one(tmp_path: Path) -> None:
    async def test(there: Sink, folder: Path) -> None:
        async with running(folder, trigger("a", f"{there.url}/a")) as rig:
            await rig.post("a")
            await eventually(lambda: there.calls("a"))
            assert len(there.calls("a")[0].headers["ce-traceparent"]) == 55

    with_sink(test, tmp_path)


def test_a_structured_event_is_delivered_in_binary_mode(tmp_path: Path) -> None:
    async def test(there: Sink, folder: Path) -> None:
        async with running(folder, trigger("a", f"{there.url}/a")) as rig:
            event = {"specversion": "1.0", "id": "s1", "source": "/s", "type": "t.a", "subject": "it", "myext": "e"}
            assert await rig.post_structured({**event, "data": {"x": 1}}) == 202
            await eventually(lambda: there.calls("a"))
            received = there.calls("a")[0]
            assert received.body == b'{"x":1}'
            assert received.headers["content-type"] == "application/json"
            assert {f"ce-{name}": value for name, value in event.items()}.items() <= received.headers.items()

    with_sink(test, tmp_path)


@pytest.mark.parametrize("profile", [NATSS, SPEC])
def test_a_duplicate_is_told_by_its_id_alone_and_answered_202(tmp_path: Path, profile: str) -> None:
    async def test(there: Sink, folder: Path) -> None:
        window = broker(stream={"duplicateWindow": "500ms"})
        async with running(folder, trigger("a", f"{there.url}/a"), channel=window, profile=profile) as rig:
            sources = ("/one", "/one", "/other")
            assert [await rig.post("a", id="same", source=source) for source in sources] == [202, 202, 202]
            await rig.settled()
            assert len(there.calls("a")) == 1

            async def again() -> bool:
                await rig.post("a", id="same")
                return len(there.calls("a")) == 2

            await until(again)

    with_sink(test, tmp_path)


@pytest.mark.parametrize(
    ("content_type", "size", "status"),
    [
        ("application/json", 1_040_000, 202),
        ("application/json", 1_048_576, 500),
        ("application/json", 1_200_000, 500),
        ("application/octet-stream", 780_000, 202),
        ("application/octet-stream", 800_000, 500),
        ("text/plain", 1_040_000, 202),
    ],
)
def test_events_around_one_mebibyte(tmp_path: Path, content_type: str, size: int, status: int) -> None:
    async def test(there: Sink, folder: Path) -> None:
        async with running(folder, trigger("a", f"{there.url}/a")) as rig:
            data = b'"' + b"x" * (size - 2) + b'"'
            assert await rig.post("a", data, content_type) == status
            await rig.settled()
            assert [one.body for one in there.calls("a")] == ([data] if status == 202 else [])

    with_sink(test, tmp_path)


JSON_AS_SENT = '{ "b": 1.0, "a": "\\u00e9é\\/",\n "n": 12345678901234567890123, "e": [ ] }\n'.encode()
JSON_COMPACTED = '{"b":1.0,"a":"\\u00e9é\\/","n":12345678901234567890123,"e":[]}'.encode()


@pytest.mark.parametrize(("profile", "delivered"), [(NATSS, JSON_COMPACTED), (SPEC, JSON_AS_SENT)])
def test_json_data_loses_its_white_space_only(tmp_path: Path, profile: str, delivered: bytes) -> None:
    async def test(there: Sink, folder: Path) -> None:
        async with running(folder, trigger("a", f"{there.url}/a"), profile=profile) as rig:
            assert await rig.post("a", JSON_AS_SENT) == 202
            await eventually(lambda: there.calls("a"))
            assert there.calls("a")[0].body == delivered

    with_sink(test, tmp_path)


@pytest.mark.parametrize("profile", [NATSS, SPEC])
def test_data_that_is_no_text_arrives_as_it_was(tmp_path: Path, profile: str) -> None:
    async def test(there: Sink, folder: Path) -> None:
        data = bytes(range(256)) + b"\n\r\n"
        async with running(folder, trigger("a", f"{there.url}/a"), profile=profile) as rig:
            assert await rig.post("a", data, "application/octet-stream") == 202
            await eventually(lambda: there.calls("a"))
            assert there.calls("a")[0].body == data

    with_sink(test, tmp_path)


@pytest.mark.parametrize(("profile", "status"), [(NATSS, 500), (SPEC, 202)])
def test_broken_json_is_not_stored_under_natss(tmp_path: Path, profile: str, status: int) -> None:
    async def test(there: Sink, folder: Path) -> None:
        async with running(folder, trigger("a", f"{there.url}/a"), profile=profile) as rig:
            assert await rig.post("a", b'{"x":') == status
            await rig.settled()
            assert len(there.calls("a")) == (status == 202)

    with_sink(test, tmp_path)


def test_an_event_without_data_is_delivered_as_empty_json(tmp_path: Path) -> None:
    async def test(there: Sink, folder: Path) -> None:
        async with running(folder, trigger("a", f"{there.url}/a")) as rig:
            event = {"specversion": "1.0", "id": "empty", "source": "/s", "type": "t.a"}
            headers = [(f"ce-{name}".encode(), value.encode()) for name, value in event.items()]
            assert (await rig.send("POST", headers)).status == 202
            await eventually(lambda: there.calls("a"))
            received = there.calls("a")[0]
            assert (received.body, received.headers["content-type"]) == (b"", "application/json")

    with_sink(test, tmp_path)


def test_time_is_normalised_and_the_subject_stays_as_it_was_encoded(tmp_path: Path) -> None:
    async def test(there: Sink, folder: Path) -> None:
        subject = "caf%C3%A9 %E2%9C%93%20x"
        async with running(folder, trigger("a", f"{there.url}/a")) as rig:
            await rig.post("a", subject=subject, time="2026-01-02T03:04:05.123456789+02:00")
            await eventually(lambda: there.calls("a"))
            headers = there.calls("a")[0].headers
            assert (headers["ce-subject"], headers["ce-time"]) == (subject, "2026-01-02T01:04:05.123456789Z")

    with_sink(test, tmp_path)


def test_what_the_ingress_answers(tmp_path: Path) -> None:
    async def test(there: Sink, folder: Path) -> None:
        async with running(folder, trigger("a", f"{there.url}/a")) as rig:
            good = [(b"ce-specversion", b"1.0"), (b"ce-id", b"1"), (b"ce-source", b"/s"), (b"ce-type", b"t.a")]
            structured = [(b"content-type", b"application/cloudevents+json")]
            assert (await rig.send("POST", [header for header in good if header[0] != b"ce-id"])).status == 400
            assert (await rig.send("POST", [(b"content-type", b"application/json")], b"{}")).status == 400
            assert (await rig.send("POST", structured, b'{"specversion":')).status == 400
            assert (
                await rig.send("POST", [(b"content-type", b"application/cloudevents-batch+json")], b"[]")
            ).status == 400
            assert (await rig.send("POST", good, path="/sample/other")).status == 404
            assert (await rig.send("GET", [])).status == 405
            assert (await rig.send("OPTIONS", [])).status == 200
            assert (await rig.send("POST", good)).status == 202

    with_sink(test, tmp_path)


@pytest.mark.parametrize(("policy", "replayed"), [("New", 0), ("All", 5)])
def test_what_a_new_trigger_gets_of_the_past(tmp_path: Path, policy: str, replayed: int) -> None:
    async def test(there: Sink, folder: Path) -> None:
        template = broker(consumer={"deliverPolicy": policy})
        old, new = (trigger(name, f"{there.url}/{name}", filter={"attributes": {"type": "t.x"}}) for name in "ab")
        async with running(folder, old, channel=template) as rig:
            for _ in range(5):
                await rig.post("x")
            await rig.settled()
        async with running(folder, old, new, channel=template) as rig:
            await rig.post("x")
            await rig.settled()
            assert (len(there.calls("a")), len(there.calls("b"))) == (6, replayed + 1)

    with_sink(test, tmp_path)


def test_stream_and_consumer_have_the_defaults_of_the_channel(tmp_path: Path) -> None:
    """The wait for an ack is the stack's own: how long an attempt may take is in test_delivery.py."""

    async def test(there: Sink, folder: Path) -> None:
        async with running(
            folder, trigger("a", f"{there.url}/a"), channel=broker(consumer={"replayPolicy": "Instant"})
        ) as rig:
            connection = await nats.connect(rig.stack.nats_url)
            stream = connection.jetstream()
            config = (await stream.stream_info("sample_default")).config
            assert (config.retention, config.storage, config.num_replicas) == ("limits", "file", 1)
            assert (config.max_age, config.max_bytes, config.duplicate_window) == (0, -1, 120)
            consumer = (await stream.consumer_info("sample_default", "a")).config
            assert (consumer.max_ack_pending, consumer.deliver_policy) == (1000, "all")
            assert rig.stack._dispatchers[0]._delivery == CLUSTER_DEFAULT
            await connection.close()

    with_sink(test, tmp_path)


def test_without_nats_the_ingress_answers_500_and_then_202_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channel, "PUBLISH_SECONDS", 0.5)

    async def test(there: Sink, folder: Path) -> None:
        async with running(folder, trigger("a", f"{there.url}/a")) as rig:
            pid = rig.stack.status()["servers"]["nats-server"]
            assert isinstance(pid, int)
            os.kill(pid, signal.SIGSTOP)
            try:
                assert await rig.post("a") == 500
            finally:
                os.kill(pid, signal.SIGCONT)
            assert await rig.post("a", id="after") == 202
            await eventually(lambda: "after" in [one.headers["ce-id"] for one in there.calls("a")])

    with_sink(test, tmp_path)


def test_a_killed_nats_server_comes_back_with_what_it_had(tmp_path: Path) -> None:
    async def test(there: Sink, folder: Path) -> None:
        there.answers["a"] = always(500)
        async with running(folder, trigger("a", f"{there.url}/a", delivery(8, "PT0.2S"))) as rig:
            for number in range(10):
                assert await rig.post("a", id=f"before-{number}") == 202
            await eventually(lambda: len(there.calls("a")) >= 10)
            pid = rig.stack.status()["servers"]["nats-server"]
            assert isinstance(pid, int)
            os.kill(pid, signal.SIGKILL)
            there.answers["a"] = always(204)

            async def taken() -> bool:
                return await rig.post("a", id="after") == 202

            assert await until(taken) < channel.PUBLISH_SECONDS
            await rig.settled()
            assert {one.headers["ce-id"] for one in there.calls("a")} >= {f"before-{n}" for n in range(10)} | {"after"}

    with_sink(test, tmp_path)
