"""`picket tokens`, against a running stack."""

import json
import os
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import urllib3
from tests.support.deployment import ROOT
from tests.support.stack import Running, eventually, picket_up
from tests.support.stores import free_port


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with picket_up(tmp_path_factory.mktemp("tokens") / "data") as running:
        yield running


def picket(server: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PICKET_URL": server, "COLUMNS": "200", **environment}
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


@pytest.fixture
def beyond(nx_uri: str, tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """The api function as in a cluster, and the folder of its mounted secrets."""
    mounted, port = tmp_path / "secrets", free_port()
    mounted.mkdir()
    (mounted / "PICKET_API_TOKEN").write_text(f"{uuid.uuid4().hex}\n")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("PICKET_", "K_"))},
        "HOST": "0.0.0.0",  # noqa: S104 - what a container listens on
        "K_SERVICE": "api",
        "MONGODB_URI": nx_uri,
        "PICKET_MONGODB_DATABASE": f"tokens-{uuid.uuid4().hex[:12]}",
        "PICKET_SECRETS_DIR": str(mounted),
    }
    program = str(Path(sys.executable).with_name("functions-framework"))
    command = [
        program,
        "--source",
        str(ROOT / "functions" / "api" / "main.py"),
        "--target",
        "main",
        "--port",
        str(port),
    ]
    url = f"http://127.0.0.1:{port}"
    with (tmp_path / "api.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        eventually(lambda: _answers(url))
        yield url, mounted
    finally:
        process.terminate()
        process.wait(15)


def _answers(url: str) -> bool:
    try:
        return urllib3.request("GET", f"{url}/health/readiness", retries=False).status == 204
    except urllib3.exceptions.HTTPError:
        return False


@pytest.mark.stack
def test_beyond_loopback_the_first_token_is_made_with_the_mounted_one(beyond: tuple[str, Path], tmp_path: Path) -> None:
    url, mounted = beyond
    made = json.loads(
        picket(url, "tokens", "create", "board", "--scope", "read", "--json", PICKET_SECRETS_DIR=str(mounted)).stdout
    )

    assert "(401)" in picket(url, "tokens", "list").stderr
    assert "(403)" in picket(url, "tokens", "list", PICKET_API_TOKEN=made["token"]).stderr
    assert picket(url, "findings", PICKET_API_TOKEN=made["token"]).returncode == 0
    assert "board" in picket(url, "tokens", "list", PICKET_SECRETS_DIR=str(mounted)).stdout
    log = (tmp_path / "api.log").read_text()
    assert "changed through the API" in log
    assert made["token"] not in log
    assert (mounted / "PICKET_API_TOKEN").read_text().strip() not in log


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
