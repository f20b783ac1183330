"""Reading server-sent events."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from picket.cli.stream import Event, Stream

ONE = Event("state", "1", {"a": 1})


@pytest.mark.parametrize(
    ("text", "events", "last"),
    [
        pytest.param(b'event: state\nid: 1\ndata: {"a": 1}\n\n', [ONE], "1", id="plain"),
        pytest.param(b'event:state\r\nid:1\r\ndata:{"a": 1}\r\n\r\n', [ONE], "1", id="no blanks, CRLF"),
        pytest.param(
            b': hello\n\nevent: state\nid: 1\n: x\ndata: {"a":\ndata: 1}\n\n', [ONE], "1", id="comments, lines"
        ),
        pytest.param(b'event: state\nid: 1\ndata: {"a": 1}\n\nevent: state\nid: 2\nda', [ONE], "1", id="cut off"),
        pytest.param(b'data: {"a": 1}\n\n', [Event("message", "", {"a": 1})], "", id="no type, no id"),
        pytest.param(b"event: state\nid: 1\n\n", [], "1", id="no data, no event"),
        pytest.param(b"foo: bar\nfoo\n\n\n\n", [], "", id="unknown fields"),
        pytest.param(b"", [], "", id="nothing"),
    ],
)
def test_an_event_stream_is_read_as_the_standard_says(text: bytes, events: list[Event], last: str) -> None:
    stream = Stream("")

    assert list(stream.read(text.splitlines(keepends=True))) == events
    assert stream.last == last


def test_the_server_says_how_long_to_wait() -> None:
    stream = Stream("")
    list(stream.read([b"retry: 250\n", b"retry: x\n", b"\n"]))

    assert stream.pause == 0.25


@given(st.dictionaries(st.text(), st.text() | st.integers()))
def test_what_is_sent_as_json_is_read_again(data: dict[str, str | int]) -> None:
    text = f"event: progress\nid: 3\ndata: {json.dumps(data)}\n\n".encode()

    assert list(Stream("").read(text.split(b"\n"))) == [Event("progress", "3", data)]


Answer = tuple[int, bytes, bool]


@contextmanager
def serving(*answers: Answer) -> Iterator[tuple[str, list[str | None]]]:
    """Give *answers* one after the other: status, body, and whether the connection breaks after it."""
    asked: list[str | None] = []
    left = list(answers)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.headers["Last-Event-ID"])
            status, body, breaks = left.pop(0)
            self.send_response(status)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Content-Length", str(len(body) + breaks))
            self.end_headers()
            self.wfile.write(body)
            self.close_connection = True

        def log_message(self, *_: object) -> None:
            """Keep test output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/events", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def event(number: int) -> bytes:
    return b'retry: 1\n\nevent: state\nid: %d\ndata: {"n": %d}\n\n' % (number, number)


def test_a_broken_connection_is_taken_up_where_it_broke() -> None:
    answers = [
        (200, event(1) + b"event: state\nid: 2\nda", True),
        (503, b"starting", False),
        (200, event(2), False),
        (204, b"", False),
    ]
    with serving(*answers) as (url, asked):
        found = [one.data["n"] for one in Stream(url, pause=0.001).events()]

    assert found == [1, 2]
    assert asked == [None, "1", "1", "2"]


def test_what_is_not_there_ends_the_command_and_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    with serving((404, b'{"detail": "scan x is not known"}', False)) as (url, _), pytest.raises(typer.Exit) as end:
        list(Stream(url).events())

    assert end.value.exit_code == 2
    assert "scan x is not known (404)" in capsys.readouterr().err
