"""A stand-in for the broker's ingress: takes every event and keeps it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.support.deployment import Message


@dataclass
class Sink:
    """What was sent to the broker's place so far."""

    url: str = ""
    sent: list[Message] = field(default_factory=list)

    def take(self, name: str) -> Message:
        """Return the oldest event of a type, by its middle part such as `scan.completed`, and take it out."""
        found = next((message for message in self.sent if message.type == f"dev.picket.{name}.v1"), None)
        assert found, f"no {name} among {[message.type for message in self.sent]}"
        self.sent.remove(found)
        return found


@contextmanager
def sink() -> Iterator[Sink]:
    """Stand in for the broker's ingress until the block ends."""
    found = Sink()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            found.sent.append(Message({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(202)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Keep test output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    found.url = f"http://127.0.0.1:{server.server_address[1]}/"
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
