"""`picket up` as a process of its own, as a user runs it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import urllib3
from tests.support import pushes

Json = dict[str, Any]
T = TypeVar("T")


class Running:
    """A running stack, seen from outside."""

    def __init__(self, process: subprocess.Popen[str], url: str) -> None:
        self.process = process
        self.url = url
        self.http = urllib3.PoolManager(retries=False, maxsize=32, timeout=30.0)

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
        headers = {"Content-Type": "application/json"}
        answer = self.http.request("POST", self.url + path, body=json.dumps(body).encode(), headers=headers)
        assert 200 <= answer.status < 300, (path, answer.status, answer.data)
        return dict(json.loads(answer.data))

    def deliver(self, source: Json, payload: Json, delivery: str) -> int:
        """Send a signed push; the status."""
        body = pushes.encode(payload)
        headers = pushes.signed(source["secret"], body, delivery=delivery)
        return int(self.http.request("POST", source["url"], body=body, headers=headers).status)

    def all_findings(self, **filters: str) -> list[Json]:
        """Read every page of findings."""
        found: list[Json] = []
        after = ""
        while True:
            query = "&".join(f"{name}={value}" for name, value in {**filters, "after": after, "limit": "200"}.items())
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


def eventually(check: Callable[[], T | None], seconds: float = 60.0, pause: float = 0.05) -> T:
    """Call *check* until what it returns is true, and return that; fail after *seconds*."""
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
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PICKET_", "K_"))}
    command = [sys.executable, "-m", "picket.cli", "up", "--port", "0", "--data-dir", str(data_dir)]
    data_dir.parent.mkdir(parents=True, exist_ok=True)
    with (
        data_dir.with_suffix(".stderr").open("a") as errors,
        subprocess.Popen(
            [*command, "--allow-local-repositories", *arguments],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env={**inherited, **(environment or {})},
        ) as process,
    ):
        below: list[int] = []
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.startswith("ready http://127.0.0.1:"), line
            yield Running(process, line.split()[1])
        finally:
            below = descendants(process.pid)
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(30)
            finally:
                process.kill()
        eventually(lambda: not [pid for pid in below if command_line(pid)], 10)
