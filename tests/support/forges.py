"""The parts of GitHub's, GitLab's and Gitea's APIs that list an organization's repositories, over http."""

import hashlib
import itertools
import json
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

Json = dict[str, Any]
Reply = tuple[int, dict[str, str], bytes]


@dataclass
class Entry:
    """A repository on the forge."""

    path: str
    number: int
    archived: bool = False
    fork: bool = False
    private: bool = False
    url: str = ""


@dataclass
class ForgeApi:
    """A forge with one organization; `hook` may answer in its place, `token` must be sent where it is set."""

    forge: str
    name: str = "acme"
    page_size: int = 3
    token: str = ""
    entries: list[Entry] = field(default_factory=list)
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    hook: Callable[[str, dict[str, str]], Reply | None] = lambda *_: None
    remaining: int = 60
    conditional: bool = True

    def __post_init__(self) -> None:
        forge = self
        self._numbers = itertools.count(1_000)

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                headers = {name.lower(): value for name, value in self.headers.items()}
                forge.requests.append((self.path, headers))
                status, more, body = forge.hook(self.path, headers) or forge.answer(self.path, headers)
                self.send_response(status)
                for name, value in more.items():
                    self.send_header(name, value)
                if "Transfer-Encoding" not in more and "Content-Length" not in more:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Keep test output clean."""

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        self.host = f"127.0.0.1:{self._http.server_address[1]}"

    def close(self) -> None:
        """Stop serving."""
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def secure(self, certificate: Path) -> None:
        """Speak TLS from now on, with the key and certificate in a file."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        self._http.socket = context.wrap_socket(self._http.socket, server_side=True)

    def add(self, *paths: str, **more: Any) -> None:
        """Add repositories."""
        for path in paths:
            self.entries.append(Entry(path, next(self._numbers), **more))

    def remove(self, path: str) -> None:
        """Delete a repository."""
        self.entries = [entry for entry in self.entries if entry.path != path]

    def pages_asked(self) -> list[int]:
        """Return the numbers of the pages that were asked for."""
        return [int(parse_qs(urlsplit(path).query).get("page", ["1"])[0]) for path, _ in self.requests]

    def answer(self, path: str, headers: dict[str, str]) -> Reply:
        """Answer as the forge does."""
        parts = urlsplit(path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if self.token and self.token not in headers.get("authorization", ""):
            return self.problem(401, "Bad credentials")
        if unquote(parts.path) != self.where():
            return self.problem(404, "Not Found")
        if self.remaining <= 0:
            return self.problem(403, "API rate limit exceeded")
        number = int(query.get("page", "1"))
        found = self.entries[(number - 1) * self.page_size : number * self.page_size]
        body = json.dumps([self.show(entry) for entry in found]).encode()
        etag = f'W/"{hashlib.sha256(body).hexdigest()}"'
        if self.conditional and headers.get("if-none-match") == etag:
            return 304, {"ETag": etag, **self.limits()}, b""
        self.remaining -= 1
        more = {"Content-Type": "application/json", "ETag": etag, **self.limits()}
        return 200, more | self.paging(parts.path, query, number), body

    def where(self) -> str:
        """Return the path of the list."""
        return {
            "github": f"/api/v3/orgs/{self.name}/repos",
            "gitlab": f"/api/v4/groups/{self.name}/projects",
            "gitea": f"/api/v1/orgs/{self.name}/repos",
        }[self.forge]

    def limits(self) -> dict[str, str]:
        """Return the headers that tell of the rate limit."""
        prefix = {"github": "X-RateLimit", "gitlab": "RateLimit"}.get(self.forge)
        reset = str(int(time.time()) + 1_800)
        return {f"{prefix}-Remaining": str(self.remaining), f"{prefix}-Reset": reset} if prefix else {}

    def paging(self, path: str, query: Json, number: int) -> dict[str, str]:
        """Return the headers that lead to the other pages."""
        last = max(1, -(-len(self.entries) // self.page_size))
        if self.forge == "gitlab":
            return {"X-Page": str(number), "X-Next-Page": str(number + 1) if number < last else ""}
        links = {"next": number + 1, "last": last} if number < last else {}
        links |= {"first": 1, "prev": number - 1} if number > 1 else {}
        return {
            "Link": ", ".join(
                f'<http://{self.host}{path}?{urlencode({**query, "page": page})}>; rel="{name}"'
                for name, page in links.items()
            )
        }

    def show(self, entry: Entry) -> Json:
        """Return a repository as the forge does, as far as somebody could mind."""
        full, url = f"{self.name}/{entry.path}", entry.url or f"http://{self.host}/{self.name}/{entry.path}.git"
        last = entry.path.rpartition("/")[2]
        if self.forge == "gitlab":
            shown = {"id": entry.number, "name": last, "path_with_namespace": full, "http_url_to_repo": url}
            shown |= {"archived": entry.archived, "visibility": "private" if entry.private else "public"}
            return shown | ({"forked_from_project": {"id": 1}} if entry.fork else {})
        shown = {"id": entry.number, "name": last, "full_name": full, "clone_url": url, "private": entry.private}
        shown |= {"archived": entry.archived, "fork": entry.fork, "owner": {"login": self.name}, "size": 1}
        if self.forge == "github":
            return shown | {"visibility": "private" if entry.private else "public", "disabled": False}
        return shown | {"internal": False, "empty": False, "mirror": False}

    def problem(self, status: int, message: str) -> Reply:
        """Answer with an error."""
        return status, {"Content-Type": "application/json", **self.limits()}, json.dumps({"message": message}).encode()
