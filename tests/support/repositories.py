"""Repositories made by tests, and a server that gives them out over http as forges do."""

import os
import ssl
import subprocess
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

IDENTITY = {
    "GIT_AUTHOR_NAME": "A",
    "GIT_AUTHOR_EMAIL": "a@example.com",
    "GIT_COMMITTER_NAME": "C",
    "GIT_COMMITTER_EMAIL": "c@example.com",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
}


_LONGEST_WAIT = 60.0


def opened() -> threading.Event:
    """Return a gate that is open."""
    gate = threading.Event()
    gate.set()
    return gate


class Work:
    """A work tree."""

    def __init__(self, path: Path, *options: str) -> None:
        self._begin(path)
        path.mkdir(parents=True)
        self.git("init", "--quiet", "--initial-branch=main", *options)

    @classmethod
    def at(cls, path: Path) -> "Work":
        """Take a work tree that is there."""
        found = cls.__new__(cls)
        found._begin(path)
        return found

    def _begin(self, path: Path) -> None:
        self.path = path
        self._clock = 1_700_000_000
        self._dates: dict[str, str] = {}

    def git(self, *arguments: str, stdin: bytes = b"") -> str:
        """Run git and return its output."""
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.path,
            env={**os.environ, **IDENTITY, **self._dates},
            input=stdin,
            capture_output=True,
            check=True,
        )
        return done.stdout.decode(errors="replace").strip()

    def commit(self, files: dict[str, str | bytes], message: str = "change") -> str:
        """Write *files*, commit them a minute after the last commit, return the commit's id."""
        for name, content in files.items():
            target = self.path / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content if isinstance(content, bytes) else content.encode())
        self.git("add", "--all")
        self._clock += 60
        self._dates = dict.fromkeys(("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"), f"{self._clock} +0000")
        self.git("commit", "--quiet", "--allow-empty", "-m", message)
        return self.head()

    def head(self) -> str:
        """Return the id of HEAD."""
        return self.git("rev-parse", "HEAD")


@dataclass
class Mood:
    """How a forge treats one repository: well, unless told otherwise.

    `status` answers every request with that; `gate` holds requests up while it is closed; `spoil` makes of a pack what
    is sent in its place.
    """

    status: int = 0
    gate: threading.Event = field(default_factory=opened)
    spoil: Callable[[bytes], bytes] = bytes


def cut(content: bytes) -> bytes:
    """Send the first half of a pack."""
    return content[: len(content) // 2]


def damage(content: bytes) -> bytes:
    """Turn over a few bits in the middle of a pack's objects."""
    middle = (content.index(b"PACK") + len(content)) // 2
    return content[:middle] + bytes(255 - byte for byte in content[middle : middle + 4]) + content[middle + 4 :]


class GitHttpServer:
    """`git http-backend` behind a small CGI server; every repository below *root* is exported."""

    def __init__(self, root: Path, context: ssl.SSLContext | None = None) -> None:
        server = self
        self.asks_for_token = False
        self.fail_with = 0
        self.banner = ""
        self.moods: dict[str, Mood] = {}
        self.hang = threading.Event()
        self.hang.set()
        self.also: Callable[[BaseHTTPRequestHandler], bool] = lambda _request: False
        """Answers what is not for git, such as a forge's API; returns whether it did."""

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.answer(self)

            def do_POST(self) -> None:
                server.answer(self)

            do_PUT = do_POST  # noqa: N815 - as the library calls it
            do_PATCH = do_POST  # noqa: N815

            def log_message(self, *_: object) -> None:
                """Keep test output clean."""

        self.root = root
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if context:
            self._http.socket = context.wrap_socket(self._http.socket, server_side=True)
        self._thread = threading.Thread(target=self._http.serve_forever, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"

    def close(self) -> None:
        """Stop serving."""
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """Run the CGI program for one request."""
        if self.also(request):
            return
        self.hang.wait(10)
        parts = urlsplit(request.path)
        mood = self.moods.get("/".join(parts.path.split("/")[1:3]), Mood())
        mood.gate.wait(_LONGEST_WAIT)
        unknown = 401 if self.asks_for_token and "Authorization" not in request.headers else 0
        if status := mood.status or self.fail_with or unknown:
            request.send_error(status)
            return
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        environment = {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": str(self.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": parts.path,
            "QUERY_STRING": parts.query,
            "REQUEST_METHOD": request.command,
            "CONTENT_TYPE": request.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": request.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": request.headers.get("Git-Protocol", ""),
            "REMOTE_ADDR": "127.0.0.1",
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "safe.directory",
            "GIT_CONFIG_VALUE_0": "*",
        }
        done = subprocess.run(["git", "http-backend"], env=environment, input=body, capture_output=True, check=False)
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        headers = [line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line]
        status = next((int(value.split()[0]) for name, value in headers if name == "Status"), 200)
        request.send_response(status)
        for name, value in headers:
            if name != "Status":
                request.send_header(name, value)
        for start in range(0, len(self.banner), 4_000):
            request.send_header("X-Banner", self.banner[start : start + 4_000])
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        is_pack = parts.path.endswith("/git-upload-pack") and b"PACK" in content
        with suppress(BrokenPipeError):  # a client that has waited too long is gone
            request.wfile.write(mood.spoil(content) if is_pack else content)
