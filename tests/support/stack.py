"""`picket up` as a process of its own, as a user runs it."""

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import urllib3
from pymongo import MongoClient
from pymongo.database import Database
from tests.support import compiled, pushes

Json = dict[str, Any]
T = TypeVar("T")
BROKER = "/picket/default"


class Running:
    """A running stack, seen from outside."""

    def __init__(self, data_dir: Path, arguments: Sequence[str], environment: dict[str, str]) -> None:
        self.data_dir = data_dir
        self.http = urllib3.PoolManager(retries=False, maxsize=32, timeout=30.0)
        self._arguments = arguments
        self._environment = environment
        self._below: set[int] = set()
        self.process, self.url = _start(data_dir, 0, arguments, environment)

    def kill_and_restart(self) -> None:
        """Kill the stack's own process, broker and activator in it, and start one on the same folder and port."""
        self._below |= set(descendants(self.process.pid))
        self.process.kill()
        self.process.wait()
        self._close_output()
        port = int(self.url.rpartition(":")[2])
        self.process, self.url = _start(self.data_dir, port, self._arguments, self._environment)

    def end(self) -> None:
        """Ask the stack to end, and see that nothing of it is left."""
        self._below |= set(descendants(self.process.pid))
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(30)
        finally:
            self.process.kill()
            self.process.wait()
            self._close_output()
            self.http.clear()
        eventually(lambda: not [pid for pid in self._below if command_line(pid)])

    def _close_output(self) -> None:
        if self.process.stdout is not None:
            self.process.stdout.close()

    @property
    def addresses(self) -> dict[str, str]:
        """Where everything of it is: `url`, `ingress_url`, `nats_url`, `mongodb_uri`."""
        return dict(json.loads((self.data_dir / "run" / "stack.json").read_text()))

    @contextmanager
    def store(self) -> Iterator[Database[Json]]:
        """Look into its store."""
        with MongoClient[Json](self.addresses["mongodb_uri"]) as client:
            yield client["picket"]

    def send_event(self, headers: dict[str, str], body: bytes) -> int:
        """Post an event to the broker's ingress; the status."""
        url = self.addresses["ingress_url"] + BROKER
        return int(self.http.request("POST", url, body=body, headers=headers).status)

    def tick(self) -> None:
        """Let the clock tick, as its PingSource does every five minutes."""
        headers = {
            "ce-specversion": "1.0",
            "ce-id": f"tick-{uuid.uuid4().hex}",
            "ce-source": "/test/clock",
            "ce-type": "dev.knative.sources.ping",
            "content-type": "application/json",
        }
        assert self.send_event(headers, b'{"task":"sweep"}') == 202

    def get(self, path: str) -> Json:
        """GET a JSON document; the answer must be 200."""
        answer = self.http.request("GET", self.url + path)
        assert answer.status == 200, (path, answer.status, answer.data)
        return dict(json.loads(answer.data))

    def find(self, path: str) -> Json | None:
        """GET a JSON document that may not be there yet."""
        answer = self.http.request("GET", self.url + path)
        assert answer.status in {200, 404}, (path, answer.status, answer.data)
        return dict(json.loads(answer.data)) if answer.status == 200 else None

    def post(self, path: str, body: object) -> Json:
        """POST a JSON document; the answer must be a success."""
        return self._send("POST", path, body)

    def patch(self, path: str, body: object) -> Json:
        """PATCH a JSON document; the answer must be a success."""
        return self._send("PATCH", path, body)

    def _send(self, method: str, path: str, body: object) -> Json:
        headers = {"Content-Type": "application/json"}
        answer = self.http.request(method, self.url + path, body=json.dumps(body).encode(), headers=headers)
        assert 200 <= answer.status < 300, (path, answer.status, answer.data)
        return dict(json.loads(answer.data))

    def deliver(self, source: Json, payload: Json, delivery: str) -> int:
        """Send a signed push; the status."""
        body = pushes.encode(payload)
        headers = pushes.signed(source["secret"], body, delivery=delivery)
        return int(self.http.request("POST", source["url"], body=body, headers=headers).status)

    def picket(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the command line against it."""
        command = [sys.executable, "-m", "picket.cli", *arguments]
        environment = {**os.environ, "PICKET_URL": self.url}
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)

    def all_findings(self, **filters: str) -> list[Json]:
        """Read every page of findings."""
        found: list[Json] = []
        after, asked = "", {**filters, "occurrences": "true", "limit": "200"}
        while True:
            query = "&".join(f"{name}={value}" for name, value in {**asked, "after": after}.items())
            page = self.get(f"/findings?{query}")
            found += page["findings"]
            if not page["next"]:
                return found
            after = page["next"]

    def processes(self, word: str) -> list[int]:
        """Return the processes below the stack whose command line has *word* in it."""
        return [pid for pid in descendants(self.process.pid) if word in command_line(pid)]

    def function(self, name: str) -> list[int]:
        """Return the processes of a function."""
        return self.processes(f"functions/{name}/main.py")


def eventually(check: Callable[[], T | None], seconds: float = 300.0, pause: float = 0.05) -> T:
    """Call *check* until what it returns is true, and return that.

    It fails after *seconds*, which are many: they end a test that hangs, and are no measure of how fast anything is.
    """
    deadline = time.monotonic() + seconds
    while True:
        found = check()
        if found:
            return found
        assert time.monotonic() < deadline, f"not so within {seconds:g} s: {found!r}"
        time.sleep(pause)


def descendants(pid: int) -> list[int]:
    """Return the processes below *pid*, by what the kernel says."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except (OSError, IndexError):
                continue  # it ended meanwhile
            children.setdefault(parent, []).append(int(entry.name))
    found, frontier = [], [pid]
    while frontier:
        frontier = [child for parent in frontier for child in children.get(parent, [])]
        found += frontier
    return found


def command_line(pid: int) -> str:
    """Return the command line of a process, empty if it ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def kill(pids: list[int]) -> None:
    """Kill processes that may have ended already."""
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


@contextmanager
def picket_up(data_dir: Path, *arguments: str, environment: dict[str, str] | None = None) -> Iterator[Running]:
    """Run the stack until the block ends, and see that nothing of it is left."""
    compiled.share(data_dir)
    running = Running(data_dir, arguments, environment or {})
    try:
        yield running
    finally:
        running.end()


def _start(
    data_dir: Path, port: int, arguments: Sequence[str], environment: dict[str, str]
) -> tuple[subprocess.Popen[str], str]:
    """Start `picket up`, and wait until it says that it is ready; the process and its URL."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PICKET_", "K_"))}
    command = [sys.executable, "-m", "picket.cli", "up", "--port", str(port), "--data-dir", str(data_dir)]
    with data_dir.with_suffix(".stderr").open("a") as errors:
        process = subprocess.Popen(
            [*command, "--allow-local-repositories", *arguments],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env={**inherited, "PICKET_TOOLS": "[]", **environment},  # not those that happen to be installed here
        )
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line.startswith("ready http://127.0.0.1:"):
        process.kill()
        process.wait()
        process.stdout.close()
        raise AssertionError(f"no stack: {line!r}, see {data_dir.with_suffix('.stderr')}")
    return process, line.split()[1]
