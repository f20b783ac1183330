"""`picket tokens`, against a running stack."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from tests.support.stack import Running, picket_up


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with picket_up(tmp_path_factory.mktemp("tokens") / "data") as running:
        yield running


def picket(server: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PICKET_URL": server, "COLUMNS": "200"}
    command = [sys.executable, "-m", "picket.cli", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.stack
def test_a_token_is_made_listed_and_revoked(stack: Running) -> None:
    made = json.loads(picket(stack.url, "tokens", "create", "ci", "--scope", "submit", "--json").stdout)
    assert (made["scope"], made["state"]) == ("submit", "valid")
    shown = picket(stack.url, "tokens", "create", "board", "--scope", "read", "--days", "7").stdout
    token = next(line.split()[1] for line in shown.splitlines() if line.startswith("token"))

    listed = picket(stack.url, "tokens", "list").stdout

    assert "board" in listed
    assert "ci" in listed
    assert token not in listed
    assert made["token"] not in listed
    assert json.loads(picket(stack.url, "tokens", "revoke", "board", "--json").stdout)["state"] == "revoked"
    assert "is revoked" in picket(stack.url, "tokens", "revoke", made["id"]).stdout
    states = [one["state"] for one in json.loads(picket(stack.url, "tokens", "list", "--json").stdout)["tokens"]]
    assert states == ["revoked", "revoked"]


@pytest.mark.stack
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["revoke", "none"], "404"),
        (["create", "two words", "--scope", "read"], "name"),
        (["create", "x", "--scope", "read", "--days", "0"], "days"),
    ],
)
def test_what_does_not_fit_is_said_on_standard_error(stack: Running, arguments: list[str], message: str) -> None:
    done = picket(stack.url, "tokens", *arguments)

    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr


@pytest.mark.stack
def test_what_weakens_security_is_in_the_log_of_a_stack_that_admits_local_repositories(tmp_path: Path) -> None:
    with picket_up(tmp_path / "data") as running:
        assert running.get("/scans")
        log = (tmp_path / "data" / "logs" / "api.log").read_text()

    found = [json.loads(line) for line in log.splitlines() if "settings weaken security" in line]
    assert found
    assert found[0]["settings"] == ["PICKET_ALLOW_LOCAL_REPOSITORIES"]


class Slow(BaseHTTPRequestHandler):
    """An API that has had too many requests, once."""

    asked = 0

    def do_GET(self) -> None:
        Slow.asked += 1
        self.send_response(429 if Slow.asked == 1 else 200)
        self.send_header("Retry-After", "1")
        self.end_headers()
        self.wfile.write(b'{"detail": "too many"}' if Slow.asked == 1 else b'{"tokens": []}')

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_what_is_refused_for_coming_too_fast_is_asked_again() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Slow)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        done = picket(f"http://127.0.0.1:{server.server_port}", "tokens", "list", "--json")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

    assert (done.returncode, Slow.asked) == (0, 2), done.stderr
