"""`make audit`: what is known is told and fails, what cannot be asked is told and does not."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from tests.support import audit
from tests.support.stores import free_port

LOCK = "flask==3.1.3 \\\n    --hash=sha256:" + "0" * 64 + "\n"
KNOWN = {
    "id": "GHSA-0000-0000-0000",
    "summary": "It is only an example",
    "affected": [{"package": {"name": "flask", "ecosystem": "PyPI"}, "ranges": [{"type": "ECOSYSTEM", "events": []}]}],
}


class Feed(BaseHTTPRequestHandler):
    """A vulnerability service as OSV's, which says the same of everything."""

    answer: dict[str, Any] = {}  # noqa: RUF012 - set for each test
    status = 200

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(self.status)
        self.end_headers()
        self.wfile.write(json.dumps(self.answer).encode())

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def feed(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, pytest.MonkeyPatch]]:
    """The URL of a service, and what sets its answer."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Feed)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/", monkeypatch
    server.shutdown()
    thread.join()
    server.server_close()


def run(tmp_path: Path, url: str, lock: str = LOCK) -> int:
    file = tmp_path / "requirements.lock"
    file.write_text(lock)
    return audit.main(file, ("osv",), "--osv-url", url, "--cache-dir", str(tmp_path / "cache"))


def test_a_known_vulnerability_fails_and_is_named(
    tmp_path: Path, feed: tuple[str, pytest.MonkeyPatch], capsys: pytest.CaptureFixture[str]
) -> None:
    url, change = feed
    change.setattr(Feed, "answer", {"vulns": [KNOWN]})

    assert run(tmp_path, url) == 1
    assert "flask 3.1.3: GHSA-0000-0000-0000" in capsys.readouterr().out


def test_nothing_known_passes(
    tmp_path: Path, feed: tuple[str, pytest.MonkeyPatch], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, feed[0]) == 0
    assert "1 packages, 0 known" in capsys.readouterr().out


@pytest.mark.parametrize("status", [0, 403, 503])
def test_where_nobody_can_be_asked_it_says_so(
    tmp_path: Path, feed: tuple[str, pytest.MonkeyPatch], capsys: pytest.CaptureFixture[str], status: int
) -> None:
    url, change = feed
    change.setattr(Feed, "status", status)

    assert run(tmp_path, url if status else f"http://127.0.0.1:{free_port()}/") == 0
    assert "NOT DONE" in capsys.readouterr().out


@pytest.mark.parametrize(("unknown", "told"), [(("a", "b"), "NOT DONE"), (("a",), "pypi does not know a")])
def test_a_service_that_knows_none_of_the_packages_has_not_been_asked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], unknown: tuple[str, ...], told: str
) -> None:
    """A mirror of PyPI's files answers 404 to every question, which pip-audit takes for no vulnerability."""
    monkeypatch.setattr(audit, "ask", lambda *_: audit.Result(2, unknown, ()))

    assert audit.main(Path("requirements.lock"), ("pypi",)) == 0
    assert told in capsys.readouterr().out


def test_a_lock_without_hashes_fails(
    tmp_path: Path, feed: tuple[str, pytest.MonkeyPatch], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, feed[0], "flask==3.1.3\n") == 2
    assert "hash" in capsys.readouterr().out
