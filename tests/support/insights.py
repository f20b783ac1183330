"""Forges that show findings, as far as their documents say; limits are enforced, and unknown fields are refused.

The fields of both Bitbuckets are those of the descriptions that Atlassian publishes of their APIs.
"""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import unquote, urlsplit

Json = dict[str, Any]
Answer = tuple[int, Any]


@dataclass
class Shown(ABC):
    """A forge beside its git: requests in their order, and what it keeps; `hook` may answer in its place."""

    requests: list[tuple[str, str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    statuses: list[tuple[str, Json]] = field(default_factory=list)
    hook: Callable[[str, str, Any], Answer | None] = lambda *_: None

    def also(self, request: BaseHTTPRequestHandler) -> bool:
        """Take what is for the API."""
        path = urlsplit(request.path).path
        if not re.search(r"/2\.0/|/rest/|/_apis/", path):
            return False
        content = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        body = json.loads(content) if content else None
        self.requests.append((request.command, path, body))
        self.headers.append({name.lower(): value for name, value in request.headers.items()})
        status, found = self.hook(request.command, path, body) or self.answer(request.command, path, body)
        data = b"" if found is None else json.dumps(found).encode()
        request.send_response(status)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(len(data)))
        request.end_headers()
        request.wfile.write(data)
        return True

    @abstractmethod
    def answer(self, method: str, path: str, body: Any) -> Answer:
        """Answer as the forge does."""

    def writes(self) -> list[tuple[str, str]]:
        """Return method and last part of the path of requests that were no GET."""
        return [(method, path.rpartition("/")[2]) for method, path, _ in self.requests if method != "GET"]


@dataclass
class Report:
    """A report of Code Insights."""

    told: Json
    annotations: list[Json] = field(default_factory=list)


@dataclass
class Cloud(Shown):
    """Bitbucket Cloud; reports by commit and id."""

    reports: dict[tuple[str, str], Report] = field(default_factory=dict)

    def answer(self, method: str, path: str, body: Any) -> Answer:
        """Answer as api.bitbucket.org does."""
        if found := re.fullmatch(r"/2\.0/repositories/o/r/commit/([0-9a-f]{40})/statuses/build", path):
            self.statuses.append((found[1], body))
            return 201, body
        found = re.fullmatch(r"/2\.0/repositories/o/r/commit/([0-9a-f]{40})/reports/([^/]+)(/annotations)?", path)
        if found is None:
            return 404, {"type": "error", "error": {"message": "Resource not found"}}
        key = (found[1], unquote(found[2]))
        if method == "PUT" and not found[3]:
            return self._put(key, body)
        if key not in self.reports:
            return 404, {"type": "error", "error": {"message": f"No report found with the specified id {key[1]}"}}
        if method == "DELETE":
            del self.reports[key]
            return 204, None
        return self._annotate(self.reports[key], body)

    def _put(self, key: tuple[str, str], body: Json) -> Answer:
        known = {"title", "details", "report_type", "reporter", "link", "result", "data", "external_id", "logo_url"}
        fits = body.keys() <= known and body["title"] and body["details"] and len(body.get("data", [])) <= 10
        fits = fits and body["report_type"] in {"SECURITY", "COVERAGE", "TEST", "BUG"}
        if not fits or body["result"] not in {"PASSED", "FAILED", "PENDING"} or body.get("link") == "":
            return 400, {"error": {"message": "Bad request"}}
        self.reports.setdefault(key, Report({})).told = body
        return 200, body

    def _annotate(self, report: Report, body: list[Json]) -> Answer:
        if len(body) > 100:
            return 400, {"error": {"message": "Bulk upload supports a maximum of 100"}}
        if not all(_is_annotation_of_cloud(one) for one in body):
            return 400, {"error": {"message": "Bad request"}}
        by_id = {one["external_id"]: one for one in (*report.annotations, *body)}
        if len(by_id) > 1_000 or len({one["external_id"] for one in body}) != len(body):
            return 400, {"error": {"message": "A report can contain up to 1000 annotations"}}
        report.annotations = list(by_id.values())
        return 200, body


def _is_annotation_of_cloud(one: Json) -> bool:
    known = {"external_id", "annotation_type", "summary", "details", "severity", "path", "line", "link", "result"}
    fits = one.keys() <= known and one["annotation_type"] in {"VULNERABILITY", "CODE_SMELL", "BUG"}
    fits = fits and one["severity"] in {"LOW", "MEDIUM", "HIGH", "CRITICAL"} and 0 < len(one["summary"]) <= 450
    fits = fits and one["result"] in {"PASSED", "FAILED", "SKIPPED", "IGNORED"} and len(one.get("details", "")) <= 2_000
    return fits and one.get("line", 1) > 0 and one.get("link") != "" and one.get("path") != ""


@dataclass
class DataCenter(Shown):
    """Bitbucket Data Center; `most` annotations of a report are a setting of the server."""

    reports: dict[tuple[str, str], Report] = field(default_factory=dict)
    most: int = 1_000

    def answer(  # noqa: PLR0911 - a forge has so many answers
        self, method: str, path: str, body: Any
    ) -> Answer:
        """Answer as a server does."""
        repository = r"/latest/projects/KEY/repos/slug/commits/([0-9a-f]{40})"
        if found := re.fullmatch(rf"/rest/api{repository}/builds", path):
            return self._build(found[1], body)
        found = re.fullmatch(rf"/rest/insights{repository}/reports/([^/]+)(/annotations)?", path)
        if found is None:
            return 404, _errors("Repository KEY/slug does not exist.")
        key = (found[1], found[2])
        if method == "PUT" and not found[3]:
            known = {"title", "details", "result", "data", "reporter", "link", "logoUrl", "createdDate"}
            fits = body.keys() <= known and len(body["title"]) <= 450 and len(body["details"]) <= 2_000
            if not fits or body["result"] not in {"PASS", "FAIL"} or len(body["data"]) > 6 or body.get("link") == "":
                return 400, _errors("The report does not fit.")
            self.reports.setdefault(key, Report({})).told = body
            return 200, body
        if key not in self.reports:
            return 404, _errors("The report does not exist.")
        if method == "DELETE":
            del self.reports[key]
            return 204, None
        return self._annotate(self.reports[key], body)

    def _build(self, sha: str, body: Json) -> Answer:
        known = {"key", "state", "url", "name", "description", "ref", "parent", "buildNumber", "duration"}
        states = {"SUCCESSFUL", "FAILED", "INPROGRESS", "CANCELLED", "UNKNOWN"}
        if not (body.keys() <= known and body["key"] and body["url"].startswith("http") and body["state"] in states):
            return 400, _errors("The build status does not fit.")
        self.statuses.append((sha, body))
        return 204, None

    def _annotate(self, report: Report, body: Json) -> Answer:
        told = body["annotations"]
        if not all(_is_annotation_of_a_server(one) for one in told):
            return 400, _errors("An annotation does not fit.")
        if len(report.annotations) + len(told) > self.most:
            return 400, _errors(f"A report may have {self.most} annotations.")
        report.annotations += told
        return 204, None


def _errors(message: str) -> Json:
    return {"errors": [{"context": None, "message": message, "exceptionName": None}]}


def _is_annotation_of_a_server(one: Json) -> bool:
    fits = one.keys() <= {"externalId", "type", "message", "severity", "path", "line", "link"}
    fits = fits and one["severity"] in {"LOW", "MEDIUM", "HIGH"} and 0 < len(one["message"]) <= 2_000
    return fits and one.get("line", 0) >= 0 and len(one["externalId"]) < 450 and one.get("link") != ""


@dataclass
class Azure(Shown):
    """Azure DevOps, with one pull request, of number 7; `heads` are those of its iterations."""

    heads: list[str] = field(default_factory=list)
    of_iterations: list[tuple[int, Json]] = field(default_factory=list)
    threads: list[Json] = field(default_factory=list)
    repository: str = "/org/my%20project/_apis/git/repositories/repo"

    def answer(  # noqa: PLR0911 - a forge has so many answers
        self, method: str, path: str, body: Any
    ) -> Answer:
        """Answer as dev.azure.com does."""
        if not path.startswith(f"{self.repository}/"):
            return 404, {"message": "TF401019: The Git repository does not exist."}
        rest = path.removeprefix(self.repository)
        if found := re.fullmatch(r"/commits/([0-9a-f]{40})/statuses", rest):
            return self._status(body) or self._kept(self.statuses, found[1], body)
        if rest == "/pullRequests/7/iterations":
            sources = [{"sourceRefCommit": {"commitId": sha}} for sha in self.heads]
            return 200, _listed([{"id": number, **one} for number, one in enumerate(sources, 1)])
        if found := re.fullmatch(r"/pullRequests/7/iterations/(\d+)/statuses", rest):
            number = int(found[1])
            if method == "GET":
                return 200, _listed([one for each, one in self.of_iterations if each == number])
            made = {**body, "id": len(self.of_iterations) + 1, "iterationId": number}
            return self._status(body) or self._kept(self.of_iterations, number, made)
        if rest == "/pullRequests/7/threads":
            return (200, _listed(self.threads)) if method == "GET" else self._thread(body)
        if found := re.fullmatch(r"/pullRequests/7/threads/(\d+)", rest):
            thread = next(one for one in self.threads if one["id"] == int(found[1]))
            thread.update(body)
            return 200, thread
        return 404, {"message": "TF401180: The requested pull request was not found."}

    @staticmethod
    def _kept(there: list[tuple[Any, Json]], key: object, body: Json) -> Answer:
        there.append((key, body))
        return 201, body

    @staticmethod
    def _status(body: Json) -> Answer | None:
        states = {"notSet", "pending", "succeeded", "failed", "error", "notApplicable"}
        fits = body.keys() <= {"state", "description", "targetUrl", "context"} and body["state"] in states
        fits = fits and body["context"].keys() == {"name", "genre"} and body["context"]["name"]
        return None if fits and body.get("targetUrl") != "" else (400, {"message": "The status does not fit."})

    def _thread(self, body: Json) -> Answer:
        fits = body.keys() <= {"comments", "status", "threadContext", "properties"} and body["status"] == "active"
        fits = fits and all(one["content"] and one["commentType"] == 1 for one in body["comments"])
        if not fits:
            return 400, {"message": "The thread does not fit."}
        types = {str: "System.String", int: "System.Int32"}
        kept = {name: {"$type": types[type(one)], "$value": one} for name, one in body["properties"].items()}
        comments = [{"id": 1, **one, "commentType": "text"} for one in body["comments"]]
        made = {"id": 100 + len(self.threads), **body, "properties": kept, "comments": comments, "isDeleted": False}
        self.threads.append(made)
        return 200, made

    def by_finding(self) -> dict[str, str]:
        """Return the status of each thread by its finding; each has one."""
        found = [
            (one["properties"]["Picket.Finding"]["$value"], one["status"]) for one in self.threads if one["status"]
        ]
        assert len(dict(found)) == len(found)
        return dict(found)


def _listed(value: list[Any]) -> Json:
    return {"value": value, "count": len(value)}
