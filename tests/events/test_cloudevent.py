import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from picket.errors import Malformed
from picket.events.cloudevent import CloudEvent, compact_json, from_http, is_event, normalized_time, unpack

REQUIRED = {"specversion": "1.0", "id": "1", "source": "/s", "type": "t"}
STRUCTURED = [(b"Content-Type", b"application/cloudevents+json; charset=utf-8")]


def binary(**attributes: str) -> list[tuple[bytes, bytes]]:
    return [(f"Ce-{name}".encode(), value.encode()) for name, value in (REQUIRED | attributes).items()]


def structured(**members: object) -> CloudEvent:
    return from_http(STRUCTURED, json.dumps(REQUIRED | members).encode())


def test_binary_mode() -> None:
    event = from_http([*binary(subject="it"), (b"CONTENT-TYPE", b"text/plain"), (b"Accept", b"*/*")], b"data")
    assert event == CloudEvent(REQUIRED | {"subject": "it", "datacontenttype": "text/plain"}, b"data")


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param([], id="no CloudEvent"),
        pytest.param(binary(specversion="0.3"), id="other version"),
        pytest.param(binary(id=""), id="empty id"),
        pytest.param(binary(source=""), id="empty source"),
        pytest.param(binary(type=""), id="empty type"),
        pytest.param(binary(time="yesterday"), id="time"),
        pytest.param([*binary(), (b"ce-not_a_name", b"x")], id="name of an attribute"),
        pytest.param([*binary(), (b"ce-x", b"\xff")], id="not UTF-8"),
        pytest.param([(b"content-type", b"application/cloudevents-batch+json")], id="batch"),
        pytest.param([(b"content-type", b"application/cloudevents+avro")], id="unknown format"),
    ],
)
def test_what_is_no_event_is_refused(headers: list[tuple[bytes, bytes]]) -> None:
    with pytest.raises(Malformed):
        from_http(headers, b"")


@pytest.mark.parametrize(
    ("members", "data", "content_type"),
    [
        pytest.param({"data": {"a": [1, 2]}}, b'{"a":[1,2]}', "application/json", id="JSON is implied"),
        pytest.param({"data": None}, b"null", "application/json", id="null is data"),
        pytest.param({"data": "text"}, b'"text"', "application/json", id="a string is JSON as well"),
        pytest.param({"data": "text", "datacontenttype": "text/plain"}, b"text", "text/plain", id="unless it is text"),
        pytest.param({"data_base64": "AAE="}, b"\x00\x01", None, id="bytes"),
        pytest.param({}, b"", None, id="none"),
    ],
)
def test_data_of_a_structured_event(members: dict[str, object], data: bytes, content_type: str | None) -> None:
    event = structured(**members)
    assert (event.data, event.attributes.get("datacontenttype")) == (data, content_type)


def test_attributes_of_a_structured_event_become_text() -> None:
    event = structured(number=7, flag=True, absent=None)
    assert event.attributes == REQUIRED | {"number": "7", "flag": "true"}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b'{"specversion":"1.0"}',
        json.dumps(REQUIRED | {"nested": {"a": 1}}).encode(),
        json.dumps(REQUIRED | {"data": 1, "data_base64": "AA=="}).encode(),
        json.dumps(REQUIRED | {"data_base64": "!"}).encode(),
        b'{"specversion":"1.0","id":"1","source":"/s","type":"t","data":NaN}',
        b"[" * 100_000,
    ],
)
def test_a_broken_structured_event_is_refused(body: bytes) -> None:
    with pytest.raises(Malformed):
        from_http(STRUCTURED, body)


def test_headers_cannot_be_smuggled_in_through_an_attribute() -> None:
    headers = dict(structured(subject="a\r\nX-Evil: 1", other="é").headers())
    assert headers["ce-subject"] == "a%0D%0AX-Evil: 1"
    assert headers["ce-other"] == "%C3%A9"


@given(
    st.dictionaries(st.text("abc", min_size=1), st.text(), max_size=4),
    st.binary(max_size=50),
)
def test_an_event_comes_out_of_the_stream_as_it_went_in(attributes: dict[str, str], data: bytes) -> None:
    event = CloudEvent(REQUIRED | attributes, data)
    assert unpack(event.pack()) == event


@pytest.mark.parametrize(
    ("given_text", "kept"),
    [
        (b'{ "a" : [ 1 , 2 ] }\n', b'{"a":[1,2]}'),
        (b'{"a":" b  c ","d":"\\" x"}', b'{"a":" b  c ","d":"\\" x"}'),
        (b'{"a": "\\\\", "b": 1.0e5}', b'{"a":"\\\\","b":1.0e5}'),
        (b"12345678901234567890123 ", b"12345678901234567890123"),
    ],
)
def test_compact_json_changes_white_space_only(given_text: bytes, kept: bytes) -> None:
    assert compact_json(given_text) == kept


@pytest.mark.parametrize("text", [b"", b"{", b'{"a":}', b"NaN", b"{'a':1}", b'"\n"', b"[" * 100_000])
def test_compact_json_refuses_what_is_none(text: bytes) -> None:
    with pytest.raises(Malformed):
        compact_json(text)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(json_values, st.sampled_from([None, 1, "\t"]))
def test_compact_json_means_the_same(value: object, indent: int | str | None) -> None:
    expected = json.dumps(value, separators=(",", ":")).encode()
    assert compact_json(json.dumps(value, indent=indent).encode()) == expected
    assert compact_json(expected) == expected


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("2026-01-02T03:04:05.123456789+02:00", "2026-01-02T01:04:05.123456789Z"),
        ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z"),
        ("2026-01-02t03:04:05.500z", "2026-01-02T03:04:05.5Z"),
        ("2025-12-31T23:30:00-01:00", "2026-01-01T00:30:00Z"),
    ],
)
def test_times_are_normalised(text: str, normal: str) -> None:
    assert normalized_time(text) == normal


@pytest.mark.parametrize(
    "text", ["", "2026-01-02", "2026-01-02 03:04:05Z", "2026-13-02T03:04:05Z", "2026-01-02T03:04:05"]
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        normalized_time(text)


def test_an_event_is_known_by_its_headers() -> None:
    assert is_event(binary())
    assert is_event(STRUCTURED)
    assert not is_event([(b"content-type", b"text/html")])
