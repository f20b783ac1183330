"""Forges that keep webhooks: the parts of their APIs that list, make, change, test and delete them, over http.

Each does what its documents say of secrets: GitHub takes one away that a change of the configuration leaves out, GitLab
with a change of the URL, and Gitea never changes one.
"""

from __future__ import annotations

import itertools
import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

Json = dict[str, Any]
Reply = tuple[int, Any]
PAGE = 2
"""Webhooks on a page, so that few are several pages."""
PROJECT = "6ce954b1-ce1f-45d1-b94d-e6bf2464ba2c"


@dataclass
class Kept:
    """A webhook as the forge keeps it."""

    id: str
    url: str
    secret: str = ""
    events: list[str] = field(default_factory=list)
    active: bool = True
    more: Json = field(default_factory=dict)
    tests: int = 0
    details: str = ""


_PLACES = {
    "github": r"/api/v3/(?P<place>orgs/[^/]+|repos/[^/]+/[^/]+)/hooks",
    "gitea": r"/api/v1/(?P<place>orgs/[^/]+|repos/[^/]+/[^/]+)/hooks",
    "forgejo": r"/api/v1/(?P<place>orgs/[^/]+|repos/[^/]+/[^/]+)/hooks",
    "gitlab": r"/api/v4/(?P<place>groups/[^/]+|projects/[^/]+)/hooks",
    "bitbucket": r"/2\.0/(?P<place>workspaces/[^/]+|repositories/[^/]+/[^/]+)/hooks",
    "bitbucket-datacenter": r"/rest/api/latest/(?P<place>projects/[^/]+(?:/repos/[^/]+)?)/webhooks",
    "azure": r"/(?P<place>[^/]+)/_apis/hooks/(?:subscriptions|testnotifications)",
}
_FIELDS = {
    "bitbucket": {"description", "url", "secret", "active", "events", "skip_cert_verification"},
    "bitbucket-datacenter": {"name", "url", "active", "events", "configuration", "sslVerificationRequired"},
    "azure": {
        *("publisherId", "eventType", "resourceVersion", "consumerId", "consumerActionId"),
        *("publisherInputs", "consumerInputs"),
    },
}
"""What the descriptions that these publish of their APIs know; Bitbucket Cloud's leaves the last one out, but takes it.

Source: Atlassian's OpenAPI, github.com/MicrosoftDocs/vsts-rest-api-specs (hooks/7.1)
"""
_EVENTS_OF_CLOUD = {
    *("pullrequest:created", "pullrequest:updated", "pullrequest:push", "pullrequest:fulfilled"),
    *("repo:created", "repo:deleted", "repo:push", "repo:transfer", "repo:updated"),
}
_INPUTS_OF_AZURE = {
    *("url", "httpHeaders", "basicAuthUsername", "basicAuthPassword"),
    *("resourceDetailsToSend", "messagesToSend", "detailedMessagesToSend"),
}
_TAIL = r"(?:/(?P<hook>[^/]+))?(?P<rest>/.*)?"


@dataclass
class HookForge:
    """A forge; only `places` keep webhooks, the others are unknown to it. `hook` may answer in its place."""

    forge: str
    places: dict[str, list[Kept]] = field(default_factory=dict)
    requests: list[tuple[str, str, Json]] = field(default_factory=list)
    failed: list[Json] = field(default_factory=list)
    hook: Callable[[str, str, Json], Reply | None] = lambda *_: None
    headers: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        forge = self
        self._numbers = itertools.count(1)

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(length) or b"{}")
                forge.requests.append((self.command, self.path, body))
                forge.headers = {name.lower(): value for name, value in self.headers.items()}
                status, found = forge.hook(self.command, self.path, body) or forge.answer(self.command, self.path, body)
                more = found.pop("headers", {}) if isinstance(found, dict) else {}
                if isinstance(found, tuple):
                    found, more = found
                data = b"" if found is None else found if isinstance(found, bytes) else json.dumps(found).encode()
                self.send_response(status)
                for name, value in more.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815 - as http.server calls them

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

    def place(self, name: str) -> str:
        """Return the path of an organization or a repository in `places`, and begin to keep webhooks there."""
        one = "/" in name
        path = {
            "github": f"{'repos' if one else 'orgs'}/{name}",
            "gitea": f"{'repos' if one else 'orgs'}/{name}",
            "forgejo": f"{'repos' if one else 'orgs'}/{name}",
            "gitlab": f"{'projects' if one else 'groups'}/{name}",
            "bitbucket": f"{'repositories' if one else 'workspaces'}/{name}",
            "bitbucket-datacenter": f"projects/{name.replace('/', '/repos/')}",
            "azure": name.partition("/")[0],
        }[self.forge]
        self.places.setdefault(path, [])
        return path

    def kept(self, name: str) -> list[Kept]:
        """Return the webhooks of an organization or a repository."""
        return self.places[self.place(name)]

    def writes(self) -> list[tuple[str, str]]:
        """Return the requests that were no GET."""
        return [(method, urlsplit(path).path) for method, path, _ in self.requests if method != "GET"]

    def answer(self, method: str, path: str, body: Json) -> Reply:
        """Answer as the forge does."""
        parts = urlsplit(path)
        if self.forge == "azure" and "/_apis/projects/" in parts.path:
            return 200, {"id": PROJECT}
        found = re.fullmatch(_PLACES[self.forge] + _TAIL, parts.path)
        place = unquote(found["place"]) if found else ""
        if found is None or place not in self.places:
            return 404, {"message": "Not Found"}
        if method in {"POST", "PUT"} and not found["rest"] and "subscriptionId" not in body and not self._fits(body):
            return 400, {"message": "a field is not known"}
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        return self._hooks(method, place, (found["hook"], found["rest"] or ""), body, query)

    def _fits(self, body: Json) -> bool:
        if not body.keys() <= _FIELDS.get(self.forge, body.keys()):
            return False
        if self.forge == "azure":
            texts = {**body["publisherInputs"], **body["consumerInputs"]}.values()
            return body["consumerInputs"].keys() <= _INPUTS_OF_AZURE and all(isinstance(one, str) for one in texts)
        return self.forge != "bitbucket" or set(body["events"]) <= _EVENTS_OF_CLOUD

    def _hooks(  # noqa: PLR0911 - a forge has so many answers
        self, method: str, place: str, where: tuple[str | None, str], body: Json, query: Json
    ) -> Reply:
        there, (identity, rest) = self.places[place], where
        if self.forge == "azure" and "subscriptionId" in body:
            identity, rest = body["subscriptionId"], "/test"
        if identity is None:
            if method == "GET":
                return 200, self._page(there, query)
            made = Kept(self._new_id(), "")
            self._change(made, body, is_new=True)
            there.append(made)
            return 201, self._show(made)
        one = next((each for each in there if each.id == unquote(identity)), None)
        if one is None:
            return 404, {"message": "Not Found"}
        if method == "DELETE":
            there.remove(one)
            return 204, None
        if "deliveries" in rest:
            return self._deliveries(method, rest)
        if rest.startswith(("/ping", "/test")):
            one.tests += 1
            return 204, None
        self._change(one, body, is_new=False, is_config=rest == "/config")
        return 200, self._show(one)

    def _deliveries(self, method: str, rest: str) -> Reply:
        if method == "GET":
            return 200, self.failed
        number = rest.split("/")[2]
        self.failed = [each for each in self.failed if str(each["id"]) != number]
        return 202, {}

    def _new_id(self) -> str:
        number = next(self._numbers)
        return {"bitbucket": f"{{00000000-0000-0000-0000-{number:012}}}", "azure": f"sub-{number}"}.get(
            self.forge, str(number)
        )

    def _page(self, there: list[Kept], query: Json) -> Any:
        number = int(query.get("page", "1"))
        start = int(query.get("start", "0")) if self.forge == "bitbucket-datacenter" else (number - 1) * PAGE
        shown, is_last = [self._show(each) for each in there[start : start + PAGE]], start + PAGE >= len(there)
        match self.forge:
            case "azure":
                return {"value": [self._show(each) for each in there], "count": len(there)}
            case "bitbucket-datacenter":
                return {"values": shown, "isLastPage": is_last, "nextPageStart": None if is_last else start + PAGE}
            case "bitbucket":
                place = next(path for path, kept in self.places.items() if kept is there)
                following = f"http://{self.host}/2.0/{place}/hooks?page={number + 1}"
                return {"values": shown} | ({} if is_last else {"next": following})
            case "gitlab":
                return shown, {"X-Next-Page": "" if is_last else str(number + 1)}
            case _:
                place = next(path for path, kept in self.places.items() if kept is there)
                base = "/api/v3" if self.forge == "github" else "/api/v1"
                following = f"http://{self.host}{base}/{place}/hooks?page={number + 1}"
                return shown, {} if is_last else {"Link": f'<{following}>; rel="next"'}

    def _change(self, one: Kept, body: Json, *, is_new: bool, is_config: bool = False) -> None:
        match self.forge:
            case "github":
                config = body if is_config else body.get("config")
                if config is not None:
                    one.url, one.more = config.get("url", one.url), {**one.more, **config}
                    one.secret = config.get("secret", one.secret if is_config else "")
                if not is_config:
                    one.events, one.active = body.get("events", one.events), body.get("active", one.active)
            case "gitea" | "forgejo":
                config = body.get("config", {})
                one.url, one.secret = config.get("url", one.url), config.get("secret", "") if is_new else one.secret
                one.events, one.active = body.get("events") or ["push"], body.get("active", not is_new and one.active)
                one.more = {"branch_filter": body.get("branch_filter", ""), "content_type": config.get("content_type")}
            case "gitlab":
                dropped = "" if body["url"] != one.url else one.secret
                one.url, one.secret = body["url"], body.get("token", dropped)
                events = {name: value for name, value in body.items() if name.endswith("_events")}
                one.events = [name for name, value in events.items() if value]
                one.more = {**one.more, **{name: value for name, value in body.items() if name not in events}}
            case "azure":
                inputs = body["consumerInputs"]
                one.url, one.secret = inputs["url"], inputs["basicAuthPassword"]
                one.events = [body["eventType"]]
                one.more = {"publisherInputs": body["publisherInputs"], "status": "enabled"}
                one.details = inputs.get("resourceDetailsToSend", "")
            case _:
                one.url, one.events, one.active = body["url"], body["events"], body["active"]
                given = body.get("configuration", body)
                one.secret = given.get("secret", one.secret)
                one.more = {"skip_cert_verification": body.get("skip_cert_verification", False)}

    def _show(self, one: Kept) -> Json:
        match self.forge:
            case "github":
                config = {"url": one.url, "secret": "********", "content_type": "form", "insecure_ssl": "0"}
                config |= {name: value for name, value in one.more.items() if name in {"content_type", "insecure_ssl"}}
                return {"id": int(one.id), "active": one.active, "events": one.events, "config": config}
            case "gitea" | "forgejo":
                config = {"url": one.url, "content_type": one.more.get("content_type", "json")}
                shown = {"id": int(one.id), "active": one.active, "events": one.events[::-1], "config": config}
                return shown | {"branch_filter": one.more.get("branch_filter", "")}
            case "gitlab":
                shown = {"id": int(one.id), "url": one.url, **dict.fromkeys(one.events, True)}
                more = {name: value for name, value in one.more.items() if name not in {"token", "url"}}
                return {"alert_status": "executable", "disabled_until": None, **shown, **more}
            case "azure":
                inputs = {"url": one.url, "basicAuthPassword": "********", "resourceDetailsToSend": one.details}
                return {"id": one.id, "eventType": one.events[0], "consumerInputs": inputs, **one.more}
            case "bitbucket":
                shown = {"uuid": one.id, "url": one.url, "active": one.active, "events": one.events}
                return {**shown, "secret_set": bool(one.secret), **one.more}
            case _:
                return {"id": int(one.id), "url": one.url, "active": one.active, "events": one.events}
