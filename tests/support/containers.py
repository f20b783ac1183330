"""Functions in their containers, as a cluster runs them: read-only, as anybody, without any privilege."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import urllib3
from knative.image import engine
from tests.support.deployment import Message
from tests.support.stores import free_port

ANYBODY = "12345:0"
"""A user that no image knows of; OpenShift takes such a one, in the group 0."""
_DEADLINE_SECONDS = 30.0
_PAUSE_SECONDS = 0.002


@dataclass
class Container:
    """A function that runs."""

    id: str
    url: str
    env: dict[str, str]

    def post(self, message: Message) -> Any:
        """Deliver an event as the broker does."""
        return self.request("POST", "/", message.body, message.headers)

    def request(self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Any:
        """Ask it for something."""
        return urllib3.request(
            method, self.url + path, body=body, headers=dict(headers or {}), retries=False, timeout=60.0
        )

    def python(self, program: str, *arguments: str) -> str:
        """Run a Python program in it, and return what it prints."""
        return engine.ask("exec", self.id, "/picket/bin/python", "-c", program, *arguments, env=self.env)

    def state(self) -> dict[str, Any]:
        """Return what the engine knows of it."""
        return dict(json.loads(engine.ask("inspect", self.id, env=self.env))[0])

    def stop(self, grace: int = 10) -> int:
        """Send SIGTERM, after *grace* seconds SIGKILL; return the exit status."""
        engine.ask("stop", f"--time={grace}", self.id, env=self.env)
        return int(self.state()["State"]["ExitCode"])

    def log(self) -> str:
        """Return what it has written."""
        done = subprocess.run([engine.NAME, "logs", self.id], env=self.env, capture_output=True, text=True, check=True)
        return done.stdout + done.stderr


@contextmanager
def running(
    image: str, settings: Mapping[str, str], data: Path, mounts: Sequence[str] = ()
) -> Iterator[tuple[Container, float]]:
    """Run an image until the block ends; yields it, and the seconds from its process's start to its first 2xx."""
    env = engine.environment(image)
    port = free_port()
    data.mkdir(exist_ok=True)
    data.chmod(0o777)
    options = [
        *("--network=host", "--read-only", "--read-only-tmpfs=false", f"--user={ANYBODY}"),
        *("--cap-drop=all", "--security-opt=no-new-privileges", "--tmpfs=/tmp", f"--volume={data}:/data"),
        *(f"--volume={mount}" for mount in mounts),
        *(f"--env={name}={value}" for name, value in {**settings, "PORT": str(port)}.items()),
    ]
    container = Container(engine.ask("run", "--detach", *options, image, env=env), f"http://127.0.0.1:{port}", env)
    try:
        ready = _ready_at(container)
        started = datetime.fromisoformat(container.state()["State"]["StartedAt"])
        yield container, ready - started.timestamp()
    finally:
        engine.ask("rm", "--force", "--time=0", container.id, env=env)


def _ready_at(container: Container) -> float:
    deadline = time.time() + _DEADLINE_SECONDS
    while time.time() < deadline:
        try:
            if container.request("GET", "/health/readiness").status == 204:
                return time.time()
        except urllib3.exceptions.HTTPError:
            time.sleep(_PAUSE_SECONDS)
    raise AssertionError(f"the container does not answer: {container.log()[-2000:]}")


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
