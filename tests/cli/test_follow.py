"""Waiting for a scan with `submit --wait`."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

STEPS = ["New", "Validating", "Queued", "Scheduling", "Scheduled", "InProgress", "Done"]


def scan(steps: int) -> dict[str, Any]:
    """A scan after so many steps."""
    history = [
        {
            "state": state,
            "at": f"2026-01-01T00:00:0{n}.000000Z",
            "actor": "enumerate",
            "reason": "because\x1b" * (n == 2),
        }
        for n, state in enumerate(STEPS[:steps])
    ]
    told = {"id": "s1", "kind": "full", "repository": "h/o/r", "children": [], "failures": [], "commits": 1}
    told |= {
        "pull_requests": False,
        "refs": {"looked_at": 1, "missing": 0, "missing_names": [], "reason": ""},
        "skipped": {"total": 0, "first": []},
    }
    batches = {"done": 0, "total": 1}
    return {**told, "batches": batches, "state": STEPS[steps - 1], "history": history, "scored": steps == len(STEPS)}


@pytest.fixture
def api() -> Iterator[ThreadingHTTPServer]:
    """An API whose scan moves two steps on each time it is looked at, up to `most`."""

    class Handler(BaseHTTPRequestHandler):
        steps = 1
        most = len(STEPS)

        def answer(self) -> None:
            kind = type(self)
            body = json.dumps(scan(kind.steps)).encode()
            kind.steps = min(kind.steps + 2, kind.most)
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = answer  # noqa: N815 - the library's names

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def submit(api: ThreadingHTTPServer, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "picket.cli", "submit", "https://h/o/r", *arguments]
    environment = {**os.environ, "PICKET_URL": f"http://127.0.0.1:{api.server_address[1]}"}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_through_a_pipe_each_step_is_a_line(api: ThreadingHTTPServer) -> None:
    done = submit(api, "--wait")

    assert done.returncode == 0
    assert [line.split()[1] for line in done.stderr.splitlines()] == STEPS
    assert done.stderr.splitlines()[2] == "2026-01-01T00:00:02.000  Queued by enumerate: because\ufffd"
    assert done.stdout.startswith("Done  s1")


def test_with_json_nothing_but_that_is_printed(api: ThreadingHTTPServer) -> None:
    done = submit(api, "--wait", "--json")

    assert (done.returncode, done.stderr, json.loads(done.stdout)["state"]) == (0, "", "Done")


@pytest.mark.parametrize("as_json", [True, False])
def test_a_wait_that_takes_too_long_ends_and_says_that_the_scan_does_not(
    *, api: ThreadingHTTPServer, as_json: bool
) -> None:
    api.RequestHandlerClass.most = 5  # type: ignore[attr-defined]

    done = submit(api, "--wait", "--timeout", "0.5", *(["--json"] if as_json else []))

    assert done.returncode == 3
    last = done.stderr.splitlines()[-1]
    assert last == "picket: scan s1 is still running: Scheduled; `picket watch s1` follows it"
    assert json.loads(done.stdout)["state"] == "Scheduled" if as_json else done.stdout.startswith("Scheduled  s1")


def test_a_time_to_wait_without_waiting_is_refused(api: ThreadingHTTPServer) -> None:
    done = submit(api, "--timeout", "5")

    assert (done.returncode, done.stderr) == (2, "picket: --timeout goes with --wait\n")
    assert submit(api, "--wait", "--timeout", "-1").returncode == 2
