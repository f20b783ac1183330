"""Functions in their containers, as a cluster runs them: read-only, as anybody, without any privilege."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
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
    image: str, settings: Mapping[str, str], data: Path, mounts: Sequence[str] = (), arguments: Sequence[str] = ()
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
    url = f"http://127.0.0.1:{port}"
    with ThreadPoolExecutor(1) as pool:
        answered = pool.submit(
            _answered_at, url
        )  # asked from the start: the engine returns when a function is up already
        container = Container(engine.ask("run", "--detach", *options, image, *arguments, env=env), url, env)
        try:
            ready = answered.result()
            assert ready, f"the container does not answer: {container.log()[-2000:]}"
            started = datetime.fromisoformat(container.state()["State"]["StartedAt"])
            yield container, ready - started.timestamp()
        finally:
            engine.ask("rm", "--force", "--time=0", container.id, env=env)


def _answered_at(url: str) -> float | None:
    """Return when the function first says that it is ready; None if it does not in time."""
    deadline = time.time() + _DEADLINE_SECONDS
    while time.time() < deadline:
        try:
            if (
                urllib3.request("GET", f"{url}/health/readiness", retries=False, timeout=5.0).status
                == HTTPStatus.NO_CONTENT
            ):
                return time.time()
        except urllib3.exceptions.HTTPError:
            time.sleep(_PAUSE_SECONDS)
    return None
