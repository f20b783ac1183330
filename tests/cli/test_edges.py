"""What may go wrong around any command: one line that says so, status 2, and never a traceback."""

import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version
from pathlib import Path

import pytest
from tests.support.repositories import Work

Serve = Callable[..., str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start a server that answers everything alike; its URL."""
    servers: list[ThreadingHTTPServer] = []

    def start(body: bytes, content_type: str = "application/json", status: int = 200) -> str:
        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                self.send_response(status)
                self.send_header("Content-Type", content_type)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_PUT = do_DELETE = answer  # noqa: N815 - the library's names

            def log_message(self, *_: object) -> None:
                return

        servers.append(ThreadingHTTPServer(("127.0.0.1", 0), Handler))
        threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{servers[-1].server_address[1]}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def picket(
    *arguments: str | bytes, server: str = "http://127.0.0.1:1", stdin: bytes = b"", cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PICKET_")}
    command = [sys.executable, "-m", "picket.cli", *arguments]
    done = subprocess.run(
        command, env={**environment, "PICKET_URL": server}, input=stdin, capture_output=True, check=False, cwd=cwd
    )
    return subprocess.CompletedProcess(command, done.returncode, done.stdout.decode(), done.stderr.decode())


def is_refused(done: subprocess.CompletedProcess[str], message: str) -> None:
    assert done.returncode == 2, done.stderr
    assert message in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_forgetting_a_repository_asks_for_its_name_once_more() -> None:
    is_refused(picket("repositories", "forget", "github.com/o/r"), "say --confirm github.com/o/r")


@pytest.mark.parametrize(
    "arguments",
    [
        *(["status", ""], ["submit", ""], ["findings", ""], ["score", ""], ["scan", ""], ["watch", ""], ["run", ""]),
        *(["up", "--data-dir", ""], ["hooks", "install", ""], ["repositories", "add", ""], ["tokens", "revoke", ""]),
        *(["findings", "--severity", ""], ["dead-letters", "show", ""]),
    ],
    ids=" ".join,
)
def test_an_empty_argument_is_refused_and_stands_for_nothing(arguments: list[str], tmp_path: Path) -> None:
    is_refused(picket(*arguments, cwd=tmp_path), "an argument is empty")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["up", "--port", "99999"], "--port"),
        (["run", "--port", "-1"], "--port"),
        (["status", ".."], "names nothing here"),
        (["status", "../findings"], "names nothing here"),
        (["tokens", "revoke", " "], "names nothing here"),
        (["submit", " "], "a repository without a name"),
        (["status", "x", "--server", "example"], "not the http URL of a server"),
        (["watch", "x", "--server", "ftp://example"], "not the http URL of a server"),
        (["top", "--server", "example"], "not the http URL of a server"),
        (["submit", "x" * 5000], "does not answer"),
        (["repositories", "add", "-"], "standard input names nothing"),
        (["submit", "-"], "standard input names nothing"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else "",
)
def test_an_odd_argument_is_said_in_one_line(arguments: list[str], message: str, tmp_path: Path) -> None:
    is_refused(picket(*arguments, cwd=tmp_path), message)


@pytest.mark.parametrize("command", ["status", "submit", "findings", "score", "watch", "cancel"])
def test_a_name_that_is_not_text_is_not_there(command: str, serve: Serve) -> None:
    gone = serve(b'{"detail": "is not known"}', "application/problem+json", 404)

    is_refused(picket(command, b"a/b/\xff", server=gone), "is not known (404)")


@pytest.mark.parametrize(
    "arguments",
    [
        *(["status", "x"], ["submit", "x"], ["findings"], ["score", "h/o/r"], ["cancel", "x"], ["watch", "x"]),
        *(["top"], ["doctor"], ["tokens", "list"], ["webhooks", "list"], ["organizations", "list"]),
        *(["repositories", "list"], ["dead-letters", "list"], ["repositories", "show", "h/o/r"]),
    ],
    ids=" ".join,
)
@pytest.mark.parametrize(
    ("body", "content_type"),
    [(b"<html>", "text/html"), (b"[]", "application/json"), (b"{}", "application/json")],
    ids=["html", "list", "object"],
)
def test_a_server_that_is_not_picket_is_said_so(
    arguments: list[str], body: bytes, content_type: str, serve: Serve
) -> None:
    done = picket(*arguments, server=serve(body, content_type))

    is_refused(done, "no stack answers" if arguments == ["top"] and body != b"{}" else "does not answer as Picket does")


@pytest.mark.parametrize("body", [b"data: [\n\n", b"data: {}\n\n", b"\xff\n\n"])
def test_a_stream_that_is_not_picket_s_ends_the_watching(body: bytes, serve: Serve) -> None:
    is_refused(picket("watch", "x", server=serve(body, "text/event-stream")), "does not answer as Picket does")


@pytest.mark.parametrize("command", ["up", "run"])
def test_a_data_folder_that_cannot_be_written_is_named(command: str, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()

    done = picket(command, "--port", "0", "--data-dir", str(file / "data"))

    is_refused(done, f"{file / 'data'}")
    assert "Not a directory" in done.stderr


def test_keys_that_cannot_be_read_are_not_made_anew(tmp_path: Path) -> None:
    keys = tmp_path / "keys.json"
    keys.write_text('{"PICKET_HASH_KEY": "')

    is_refused(picket("up", "--port", "0", "--data-dir", str(tmp_path)), f"{keys} does not hold the keys")
    assert keys.read_text() == '{"PICKET_HASH_KEY": "'


def test_a_hook_that_cannot_be_written_leaves_the_one_that_is_there(tmp_path: Path) -> None:
    work = Work(tmp_path / "r")
    hooks = work.path / ".git" / "hooks"
    (hooks / "pre-commit").write_text("#!/bin/sh\n")
    (hooks / "pre-commit.new-picket").mkdir()

    is_refused(picket("hooks", "install", "--pre-commit", str(work.path)), "pre-commit.new-picket: Is a directory")
    assert (hooks / "pre-commit").read_text() == "#!/bin/sh\n"


def test_a_folder_in_place_of_a_hook_is_said_so(tmp_path: Path) -> None:
    work = Work(tmp_path / "r")
    (work.path / ".git" / "hooks" / "pre-push").mkdir()

    is_refused(picket("hooks", "install", "--pre-push", str(work.path)), "pre-push: Is a directory")


@pytest.mark.parametrize("named", [True, False])
def test_the_address_of_a_stack_that_is_gone_is_not_asked(*, named: bool, tmp_path: Path) -> None:
    folder = tmp_path / ".picket"
    (folder / "run").mkdir(parents=True)
    (folder / "run" / "stack.json").write_text('{"url": "http://127.0.0.1:9"}')
    (folder / "lock").write_text("1")
    environment = {name: value for name, value in os.environ.items() if name != "PICKET_URL"}
    command = [sys.executable, "-m", "picket.cli", "top", "--once", *(["--data-dir", str(folder)] if named else [])]

    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, cwd=tmp_path)

    is_refused(done, f"no stack runs on {folder}" if named else "no stack answers at http://127.0.0.1:8080")


def test_the_version_is_told(tmp_path: Path) -> None:
    assert picket("--version", cwd=tmp_path).stdout == f"picket {version('picket')}\n"


@pytest.mark.parametrize("name", ["repositories", "organizations", "webhooks", "tokens", "teams"])
def test_a_list_with_nothing_in_it_says_so(name: str, serve: Serve) -> None:
    server = serve(json.dumps({name: [], "next": None}).encode())

    assert picket(name, "list", server=server).stdout == f"No {name}.\n"


def test_findings_name_their_repository_unless_one_is_asked_for(serve: Serve) -> None:
    place = {"path": "p", "start_line": 1, "commit": "c" * 40, "occurrence_count": 1}
    finding = {"severity": "high", "confidence": 0.9, "rule": "r", "redacted": "x", "repository": "h/o/name"}
    server = serve(json.dumps({"findings": [{**finding, **place}], "next": None, "left_out": 0}).encode())

    assert "h/o/name" in picket("findings", server=server).stdout
    assert "h/o/name" not in picket("findings", "h/o/name", server=server).stdout


def test_what_the_http_library_warns_of_is_kept_from_people(serve: Serve) -> None:
    odd_headers = "application/json\r\nno header\r\nX-After: 1"

    done = picket("tokens", "list", server=serve(b'{"tokens": []}', odd_headers))

    assert (done.stdout, done.stderr) == ("No tokens.\n", "")


def test_a_wait_that_fails_leaves_no_bar_behind(serve: Serve) -> None:
    done = picket("watch", "x", server=serve(b"event: progress\ndata: {}\n\n", "text/event-stream"))

    assert (done.returncode, done.stdout.strip()) == (2, "")


def test_an_address_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "stack.json").write_text("{")
    lock = (tmp_path / "lock").open("wb")
    fcntl.flock(lock, fcntl.LOCK_EX)
    environment = {name: value for name, value in os.environ.items() if name != "PICKET_URL"}
    command = [sys.executable, "-m", "picket.cli", "top", "--data-dir", str(tmp_path)]

    with lock:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    is_refused(done, "stack.json does not tell where the stack answers")


@pytest.mark.parametrize(
    "event",
    [{"finding": 3}, {"finding": {"severity": "low", "confidence": 1, "evidence": {}}}, {"finding": None}],
    ids=str,
)
def test_an_event_that_is_odd_is_said_so(event: object, tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text("version: 1\nrules: []\n")

    is_refused(picket("rules", "test", str(rules), "-", stdin=json.dumps(event).encode()), "severity and confidence")


def test_a_reader_that_stops_early_ends_the_command_in_silence(serve: Serve) -> None:
    letters = [
        {"id": f"letter-{n}", "since": "x", "function": "f", "state": "open", "type": "t", "subject": "s" * 80}
        | {"reason": "r" * 80}
        for n in range(2_000)
    ]
    server = serve(json.dumps({"functions": {"f": {}}, "letters": letters, "next": None}).encode())
    command = [sys.executable, "-m", "picket.cli", "dead-letters", "list", "--json", "--server", server]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        errors = process.stderr.read()

    assert (process.returncode, errors) == (2, b"")


def test_a_table_whose_reader_stops_early_ends_in_silence(serve: Serve) -> None:
    place = {"path": "p" * 80, "start_line": 1, "commit": "c" * 40}
    finding = {"severity": "high", "confidence": 0.9, "rule": "r", "redacted": "x", "state": "open", "repository": "r"}
    found = [{"id": str(n), "occurrence_count": 1, **finding, **place} for n in range(2_000)]
    server = serve(json.dumps({"findings": found, "next": None, "left_out": 0}).encode())
    command = [sys.executable, "-m", "picket.cli", "findings", "--server", server]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        errors = process.stderr.read()

    assert (process.returncode, errors) == (2, b"")


def test_an_interrupt_ends_a_command_with_130() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as silent:  # takes connections, answers none
        server = f"http://127.0.0.1:{silent.server_address[1]}"
        command = [sys.executable, "-m", "picket.cli", "status", "x", "--server", server]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            connection, _ = silent.get_request()
            with connection:
                connection.recv(1)
                process.send_signal(signal.SIGINT)
                _, errors = process.communicate(timeout=30)

    assert process.returncode == 130
    assert b"Traceback" not in errors
