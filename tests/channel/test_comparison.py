"""What a stream and its consumers differ in is told setting by setting, and nothing else is."""

import dataclasses
from typing import Any

import pytest

from picket.channel import template
from picket.channel.comparison import SETTINGS, differences
from picket.channel.model import ChannelTemplate, Consumer, Delivery, Stream
from picket.errors import Malformed

TEMPLATE = """
spec:
  stream:
    config: {storage: File, replicas: 3, retention: Interest, maxAge: 72h, maxBytes: 100, discard: New,
             duplicateWindow: 2m}
  consumerConfigTemplate: {deliverPolicy: New, maxAckPending: 100}
"""
WANTED = template.read(TEMPLATE, "some/file.yaml")
TRIGGERS = {"scan": Delivery(300.5, 9), "score": Delivery(30.5, 9), "normalize": Delivery(30.5, 9)}
STREAM = Stream("S", "file", 3, "interest", "new", 259_200.0, 100, -1, 120.0)
CONSUMERS = [Consumer(name, "new", 100, one.ack_wait, one.max_deliver) for name, one in TRIGGERS.items()]


def test_what_is_as_the_template_says_differs_in_nothing() -> None:
    others = Consumer("somebody's own", "new", 100, 7.0, 3)
    assert differences(WANTED, TRIGGERS, STREAM, [*CONSUMERS, others]) == []


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("replicas", 1, "replicas is 1, not 3"),
        ("storage", "memory", "storage is memory, not file"),
        ("retention", "limits", "retention is limits, not interest"),
        ("discard", "old", "discard is old, not new"),
        ("max_age", 3600.0, "max_age is 3600, not 259200"),
        ("max_bytes", 1_073_741_824, "max_bytes is 1073741824, not 100"),
        ("max_messages", 5, "max_messages is 5, not -1"),
        ("duplicate_window", 60.0, "duplicate_window is 60, not 120"),
    ],
)
def test_each_setting_of_the_stream_is_compared(field: str, value: Any, told: str) -> None:
    stream = dataclasses.replace(STREAM, **{field: value})
    assert list(map(str, differences(WANTED, TRIGGERS, stream, CONSUMERS))) == [told]


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("deliver_policy", "all", ["deliver_policy is all, not new"]),
        ("max_ack_pending", 1_000, ["max_ack_pending is 1000, not 100"]),
        ("ack_wait", 60.0, ["ack_wait_and_max_deliver is 30.5 s and 9, 60 s and 9, not 300.5 s and 9"]),
        ("max_deliver", -1, ["ack_wait_and_max_deliver is 30.5 s and 9, 300.5 s and -1, not 300.5 s and 9"]),
    ],
)
def test_each_setting_of_a_consumer_is_compared(field: str, value: Any, told: list[str]) -> None:
    consumers = [dataclasses.replace(CONSUMERS[0], **{field: value}), *CONSUMERS[1:]]
    found = [str(one) for one in differences(WANTED, TRIGGERS, STREAM, consumers)]
    assert [line.replace("30.5 s and 9, 30.5 s and 9", "30.5 s and 9") for line in found] == told


def test_a_trigger_without_a_consumer_is_told() -> None:
    [one] = differences(WANTED, TRIGGERS, STREAM, CONSUMERS[:2])
    assert (one.setting, one.wanted, one.found) == ("ack_wait_and_max_deliver", "30.5 s and 9", "that of no consumer")


@pytest.mark.parametrize("unlimited", [0, -1])
def test_unlimited_is_unlimited_however_it_is_spelled(unlimited: int) -> None:
    wanted = dataclasses.replace(WANTED, max_bytes=unlimited, max_messages=unlimited, max_age=float(unlimited))
    stream = dataclasses.replace(STREAM, max_bytes=-1, max_messages=-1, max_age=0.0)
    assert differences(wanted, TRIGGERS, stream, CONSUMERS) == []


def test_the_settings_that_are_compared_are_those_that_can_differ() -> None:
    fields = {field.name for field in dataclasses.fields(ChannelTemplate)}
    assert set(SETTINGS) - {"ack_wait_and_max_deliver"} == fields - {"stream", "ack_wait"}


@pytest.mark.parametrize("text", ["", "spec: {streams: {}}", "spec: {stream: {config: {replicas: many}}}"])
def test_a_template_that_is_wrong_names_the_file(text: str) -> None:
    with pytest.raises(Malformed, match=r"some/file\.yaml"):
        template.read(text, "some/file.yaml")


def test_policies_are_told_as_jetstream_spells_them() -> None:
    found = template.read(
        "spec: {stream: {config: {retention: Work}}, consumerConfigTemplate: {deliverPolicy: ByStartTime}}", "f"
    )
    assert (found.retention, found.deliver_policy) == ("workqueue", "by_start_time")
