"""The parts of the forges' APIs that list an organization's or a user's repositories, over http."""

import base64
import hashlib
import itertools
import json
import ssl
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qs, quote, unquote, urlencode, urlsplit
from uuid import UUID

Json = dict[str, Any]
Reply = tuple[int, dict[str, str], bytes]
ALL = ["github", "gitlab", "gitea", "forgejo", "bitbucket", "bitbucket-datacenter", "azure"]
PAGED = [each for each in ALL if each != "azure"]
WITH_USERS = ["github", "gitlab", "gitea", "forgejo"]
WITH_UUIDS = {"bitbucket", "azure"}
LIKE_GITEA = {"gitea", "forgejo"}


@dataclass
class Entry:
    """A repository on the forge."""

    path: str
    number: int
    archived: bool = False
    fork: bool = False
    private: bool = False
    url: str = ""
    owner: str = ""


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], OSError):  # who asked has hung up, as some tests want
            super().handle_error(request, client_address)


@dataclass
class ForgeApi:
    """A forge with one organization; `hook` may answer in its place, `token` must be sent where it is set.

    With `is_user` it is a user in place of an organization; `login` is whose the token is.
    """

    forge: str
    name: str = "acme"
    is_user: bool = False
    login: str = ""
    page_size: int = 3
    token: str = ""
    entries: list[Entry] = field(default_factory=list)
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    hook: Callable[[str, dict[str, str]], Reply | None] = lambda *_: None
    remaining: int = 60
    conditional: bool = True

    def __post_init__(self) -> None:
        forge = self
        self._numbers = itertools.count(1_000)

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                forge.bodies.append(self.rfile.read(int(self.headers.get("Content-Length", 0))))
                headers = {name.lower(): value for name, value in self.headers.items()}
                forge.requests.append((self.path, headers))
                status, more, body = forge.hook(self.path, headers) or forge.answer(self.path, headers)
                self.send_response(status)
                for name, value in more.items():
                    self.send_header(name, value)
                if "Transfer-Encoding" not in more and "Content-Length" not in more:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                with suppress(OSError):  # who asked has read enough
                    self.wfile.write(body)

            do_POST = do_GET  # noqa: N815 - as the library calls it
            do_PUT = do_GET  # noqa: N815
            do_PATCH = do_GET  # noqa: N815
            do_DELETE = do_GET  # noqa: N815

            def log_message(self, *_: object) -> None:
                """Keep test output clean."""

        self._http = _Server(("127.0.0.1", 0), Handler)
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

    def id_of(self, entry: Entry) -> str:
        """Return the id of a repository, as it is kept."""
        return str(UUID(int=entry.number)) if self.forge in WITH_UUIDS else str(entry.number)

    def pages_asked(self) -> list[int]:
        """Return the numbers of the pages that were asked for."""
        return [self._number(parse_qs(urlsplit(path).query)) for path, _ in self.requests]

    def _number(self, query: dict[str, list[str]]) -> int:
        if self.forge == "bitbucket-datacenter":
            return int(query["start"][0]) // self.page_size + 1
        return int(query.get("page", ["1"])[0])

    def answer(self, path: str, headers: dict[str, str]) -> Reply:
        """Answer as the forge does."""
        parts = urlsplit(path)
        if self.token and self._sent(headers) != self.token:
            return self.refusal()
        if profile := self._profile(parts.path):
            return 200, {"Content-Type": "application/json"}, json.dumps({"login": profile}).encode()
        whose = self._whose(unquote(parts.path))
        if whose is None:
            return self.problem(404, "Not Found")
        return (
            self.problem(403, "API rate limit exceeded") if self.remaining <= 0 else self._list(parts, whose, headers)
        )

    def _profile(self, path: str) -> str:
        """Return whose profile a path shows: the token's user at GitHub, the organization or user at Gitea."""
        if self.forge == "github":
            return self.login if path == "/api/v3/user" else ""
        return self.name if path == self.where().removesuffix("/repos") and self.forge in LIKE_GITEA else ""

    def _list(self, parts: SplitResult, whose: list[Entry], headers: dict[str, str]) -> Reply:
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        number = self._number(parse_qs(parts.query))
        found = whose if self.forge == "azure" else whose[(number - 1) * self.page_size : number * self.page_size]
        is_last = self.forge == "azure" or number * self.page_size >= len(whose)
        body = json.dumps(self.page([self.show(entry) for entry in found], parts.path, query, number, is_last=is_last))
        etag = f'W/"{hashlib.sha256(body.encode()).hexdigest()}"'
        if self.conditional and headers.get("if-none-match") == etag:
            return 304, {"ETag": etag, **self.limits()}, b""
        self.remaining -= 1
        more = {"Content-Type": "application/json", "ETag": etag, **self.limits()}
        return 200, more | self.paging(parts.path, query, number, len(whose)), body.encode()

    def _sent(self, headers: dict[str, str]) -> str:
        kind, _, sent = headers.get("authorization", "").partition(" ")
        return base64.b64decode(sent).decode().removeprefix(":") if kind == "Basic" else sent

    def _whose(self, path: str) -> list[Entry] | None:
        """Return the repositories that a path lists, None if there is nothing there."""
        if self.forge == "github" and self.login and path == "/api/v3/user/repos":
            return [entry for entry in self.entries if (entry.owner or self.name).lower() == self.login.lower()]
        if path != self.where():
            return None
        return [entry for entry in self.entries if not (self.forge == "github" and self.is_user and entry.private)]

    def refusal(self) -> Reply:
        """Answer to a token that is none."""
        if self.forge == "azure":
            return 302, {"Location": "https://spsprodeus23.vssps.example/_signin?realm=x"}, b""
        return self.problem(401, "Bad credentials")

    def where(self) -> str:
        """Return the path of the list."""
        group, organization = ("users", "users") if self.is_user else ("groups", "orgs")
        return {
            "github": f"/api/v3/{organization}/{self.name}/repos",
            "gitlab": f"/api/v4/{group}/{self.name}/projects",
            "bitbucket": f"/2.0/repositories/{self.name}",
            "bitbucket-datacenter": f"/rest/api/latest/projects/{self.name}/repos",
            "azure": f"/{self.name}/_apis/git/repositories",
        }.get(self.forge, f"/api/v1/{organization}/{self.name}/repos")

    def page(self, shown: list[Json], path: str, query: Json, number: int, *, is_last: bool) -> Any:
        """Return what the forge sends for a page."""
        if self.forge == "bitbucket":
            following = f"http://{self.host}{path}?{urlencode({**query, 'page': number + 1})}"
            return {"pagelen": self.page_size, "values": shown, **({} if is_last else {"next": following})}
        if self.forge == "bitbucket-datacenter":
            start = number * self.page_size
            return {"values": shown, "isLastPage": is_last, "nextPageStart": None if is_last else start}
        return {"count": len(shown), "value": shown} if self.forge == "azure" else shown

    def limits(self) -> dict[str, str]:
        """Return the headers that tell of the rate limit."""
        prefix = {"github": "X-RateLimit", "gitlab": "RateLimit"}.get(self.forge)
        reset = str(int(time.time()) + 1_800)
        return {f"{prefix}-Remaining": str(self.remaining), f"{prefix}-Reset": reset} if prefix else {}

    def paging(self, path: str, query: Json, number: int, count: int) -> dict[str, str]:
        """Return the headers that lead to the other pages."""
        last = max(1, -(-count // self.page_size))
        if self.forge not in WITH_USERS:
            return {}
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
        owner, last = entry.owner or self.name, entry.path.rpartition("/")[2]
        full, url = f"{owner}/{entry.path}", self.clone_url(entry)
        if self.forge == "bitbucket":
            shown = {"uuid": f"{{{self.id_of(entry)}}}", "full_name": full, "is_private": entry.private}
            return shown | self._links(url) | ({"parent": {"uuid": "{1}"}} if entry.fork else {})
        if self.forge == "bitbucket-datacenter":
            shown = {"id": entry.number, "slug": last, "public": not entry.private, "archived": entry.archived}
            shown |= {"project": {"key": self.name, "public": False}, **self._links(url)}
            return shown | ({"origin": {"id": 1}} if entry.fork else {})
        if self.forge == "azure":
            project = self.name.partition("/")[2] or entry.path.partition("/")[0]
            shown = {"id": self.id_of(entry), "name": last, "remoteUrl": url.replace("//", "//acme@", 1)}
            shown |= {"project": {"name": project, "visibility": "private" if entry.private else "public"}}
            return shown | {"isDisabled": entry.archived, **({"isFork": True} if entry.fork else {})}
        if self.forge == "gitlab":
            shown = {"id": entry.number, "name": last, "path_with_namespace": full, "http_url_to_repo": url}
            shown |= {"archived": entry.archived, "visibility": "private" if entry.private else "public"}
            return shown | ({"forked_from_project": {"id": 1}} if entry.fork else {})
        shown = {"id": entry.number, "name": last, "full_name": full, "clone_url": url, "private": entry.private}
        shown |= {"archived": entry.archived, "fork": entry.fork, "owner": {"login": self.name}, "size": 1}
        if self.forge == "github":
            return shown | {"visibility": "private" if entry.private else "public", "disabled": False}
        return shown | {"internal": False, "empty": False, "mirror": False}

    def clone_url(self, entry: Entry) -> str:
        """Return where a repository is cloned from."""
        owner = quote(entry.owner or self.name)
        before, _, last = entry.path.rpartition("/")
        path = {
            "bitbucket-datacenter": f"scm/{owner}/{entry.path}.git",
            "azure": f"{owner}/{quote(before)}/_git/{quote(last)}".replace("//", "/"),
        }.get(self.forge, f"{owner}/{entry.path}.git")
        return entry.url or f"http://{self.host}/{path}"

    def _links(self, url: str) -> Json:
        ssh = {"name": "ssh", "href": f"ssh://git@{self.host}/x.git"}
        return {"links": {"clone": [ssh, {"name": "http", "href": url.replace("//", "//somebody@", 1)}]}}

    def problem(self, status: int, message: str) -> Reply:
        """Answer with an error."""
        return status, {"Content-Type": "application/json", **self.limits()}, json.dumps({"message": message}).encode()
