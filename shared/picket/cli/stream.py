"""Reading server-sent events, over as many connections as it takes.

Source: HTML Living Standard, section 9.2.6 "Interpreting an event stream".
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus

import urllib3

from picket.cli.client import Answer, Json, fail
from picket.settings import settings

_TIMEOUT = urllib3.Timeout(connect=5.0, read=20.0)
_PATIENCE_SECONDS = 60.0
_LONGEST_PAUSE = 5.0
_TYPE = "text/event-stream"


class Away(Exception):
    """The server cannot tell just now."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event: its type, its id, and its data, which are a JSON object here."""

    kind: str
    id: str
    data: Json


@dataclass(slots=True)
class Stream:
    """The events at one URL: `last` is the id of the newest, `pause` the seconds to wait before asking again."""

    url: str
    last: str = ""
    pause: float = 1.0
    _pool: urllib3.PoolManager = field(default_factory=lambda: urllib3.PoolManager(timeout=_TIMEOUT, retries=False))

    def events(self) -> Iterator[Event]:
        """Give all events until the server says that there are no more; a broken connection is taken up again.

        Where nothing answers for a minute, or what answers says that there is nothing here, the command ends.
        """
        heard, failures = time.monotonic(), 0
        while True:
            try:
                answer = self._ask()
                if answer.status == HTTPStatus.NO_CONTENT:
                    return
                heard, failures = time.monotonic(), 0
                yield from self.read(_lines(answer))
            except (ValueError, RecursionError):
                fail(f"{self.url} does not answer as Picket does")
            except (urllib3.exceptions.HTTPError, OSError, Away) as error:
                failures += 1
                if time.monotonic() - heard > _PATIENCE_SECONDS:
                    fail(f"{self.url} does not answer ({type(error).__name__}); is `picket up` running?")
            time.sleep(min(self.pause * 2 ** min(failures, 8), _LONGEST_PAUSE) if failures else self.pause)

    def read(self, lines: Iterable[bytes]) -> Iterator[Event]:
        """Give the events in *lines*; one that the connection's end cuts off comes again with the next."""
        kind, data, position = "message", list[str](), self.last
        for line in lines:
            name, _, value = line.decode().rstrip("\r\n").partition(":")
            value = value.removeprefix(" ")
            match name:
                case "" if not value and not line.startswith(b":"):
                    self.last = position  # now, not before: an event is seen when all of it is
                    if data:
                        yield Event(kind, position, json.loads("\n".join(data), object_hook=Answer))
                    kind, data = "message", []
                case "event":
                    kind = value
                case "data":
                    data.append(value)
                case "id":
                    position = value
                case "retry" if value.isdecimal():
                    self.pause = int(value) / 1000

    def _ask(self) -> urllib3.BaseHTTPResponse:
        token = settings().api_token.get_secret_value()
        headers = {"Accept": _TYPE}
        headers |= {"Last-Event-ID": self.last} if self.last else {}
        headers |= {"Authorization": f"Bearer {token}"} if token else {}
        answer = self._pool.request("GET", self.url, headers=headers, preload_content=False)
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            answer.drain_conn()
            raise Away(str(answer.status))
        if answer.status >= HTTPStatus.BAD_REQUEST:
            fail(f"{_detail(answer.data)} ({answer.status})")
        if answer.status == HTTPStatus.OK and not answer.headers.get("Content-Type", "").startswith(_TYPE):
            fail(f"{self.url} does not answer as Picket does")
        return answer


def _lines(answer: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
    """Give the lines of a body as they come; the last one may be cut off."""
    rest = b""
    while part := answer.read1():
        *lines, rest = (rest + part).split(b"\n")
        yield from lines


def _detail(body: bytes) -> str:
    try:
        return str(json.loads(body)["detail"])
    except (ValueError, TypeError, KeyError):
        return "error"
