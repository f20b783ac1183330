"""Forges that show findings at their lines, as far as Picket asks them to: made from their documents."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

Json = dict[str, Any]
Answer = tuple[int, dict[str, str], Any]
ME, OTHER = 7, 8
"""The user that the token is of, and somebody else."""
Handler = Callable[["Asked", re.Match[str]], Answer]


@dataclass(frozen=True)
class Asked:
    """A request that arrived."""

    method: str
    path: str
    query: dict[str, str]
    body: Json


@dataclass
class Shows:
    """A forge; `refuses` answers in its place, where it answers at all."""

    asked: list[Asked] = field(default_factory=list)
    refuses: Callable[[Asked], Answer | None] = lambda _asked: None
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(100))

    def __post_init__(self) -> None:
        self.routes: list[tuple[str, str, Handler]] = []

    def answer(self, request: BaseHTTPRequestHandler) -> bool:
        """Answer what is of its API."""
        parts = urlsplit(request.path)
        if not parts.path.startswith("/api/"):
            return False
        body = json.loads(request.rfile.read(int(request.headers.get("Content-Length") or 0)) or b"{}")
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        asked = Asked(request.command, parts.path, query, body)
        self.asked.append(asked)
        status, headers, content = self.refuses(asked) or self._routed(asked)
        text = json.dumps(content).encode()
        request.send_response(status)
        for name, value in {**headers, "Content-Type": "application/json", "Content-Length": str(len(text))}.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(text)
        return True

    def _routed(self, asked: Asked) -> Answer:
        for method, pattern, handler in self.routes:
            found = re.fullmatch(pattern, asked.path)
            if found and method == asked.method:
                return handler(asked, found)
        return 404, {}, {"message": "Not Found"}

    def writes(self) -> list[Asked]:
        """Return the requests that change something."""
        return [one for one in self.asked if one.method != "GET"]


@dataclass
class GitHub(Shows):
    """Check runs and commit statuses."""

    runs: list[Json] = field(default_factory=list)
    statuses: list[Json] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Say what is where."""
        base = "/api/v3/repos/o/r"
        self.routes = [
            ("GET", rf"{base}/commits/(\w+)/check-runs", self._list),
            ("POST", rf"{base}/check-runs", self._create),
            ("PATCH", rf"{base}/check-runs/(\d+)", self._update),
            ("POST", rf"{base}/statuses/(\w+)", self._status),
        ]

    def shown(self, name: str = "picket") -> Json:
        """Return what a person sees under a name: the last run."""
        return max((run for run in self.runs if run["name"] == name), key=lambda run: run["id"])

    def _list(self, asked: Asked, found: re.Match[str]) -> Answer:
        size, page = int(asked.query["per_page"]), int(asked.query["page"])
        ours = [run for run in self.runs if (run["name"], run["head_sha"]) == (asked.query["check_name"], found[1])]
        given = ours[(page - 1) * size : page * size]
        return 200, {}, {"total_count": len(ours), "check_runs": [self._given(run) for run in given]}

    def _create(self, asked: Asked, _found: re.Match[str]) -> Answer:
        run = {"id": next(self.numbers), "status": "queued", "conclusion": None, "annotations": []}
        return self._changed(run, asked.body, 201)

    def _update(self, asked: Asked, found: re.Match[str]) -> Answer:
        run = next(one for one in self.runs if one["id"] == int(found[1]))
        assert "head_sha" not in asked.body
        return self._changed(run, asked.body, 200)

    def _changed(self, run: Json, body: Json, status: int) -> Answer:
        output = dict(body.get("output", {}))
        annotations = output.pop("annotations", [])
        if len(annotations) > 50 or any(one["start_line"] < 1 or not one["path"] for one in annotations):
            return 422, {}, {"message": "Invalid request."}
        if body.get("status") == "completed" and "conclusion" not in body:
            return 422, {}, {"message": "Invalid request."}
        run.update({name: value for name, value in body.items() if name != "output"})
        if body.get("status") == "in_progress":
            run["conclusion"] = None
        run["output"] = {**run.get("output", {}), **output}
        run["annotations"] += annotations
        if run not in self.runs:
            self.runs.append(run)
        return status, {}, self._given(run)

    def _given(self, run: Json) -> Json:
        output = {**run["output"], "annotations_count": len(run["annotations"])}
        return {**{name: value for name, value in run.items() if name != "annotations"}, "output": output}

    def _status(self, asked: Asked, _found: re.Match[str]) -> Answer:
        self.statuses.append(asked.body)
        return 201, {}, {}


@dataclass
class GitLab(Shows):
    """A merge request with discussions; `lines` are those of its diff."""

    discussions: list[Json] = field(default_factory=list)
    lines: set[tuple[str, int]] | None = None
    sha: str = ""
    page: int = 100

    def __post_init__(self) -> None:
        """Say what is where."""
        base = "/api/v4/projects/o%2Fr/merge_requests/7"
        self.routes = [
            ("GET", "/api/v4/user", lambda *_: (200, {}, {"id": ME})),
            ("GET", base, self._merge_request),
            ("GET", f"{base}/discussions", self._list),
            ("POST", f"{base}/discussions", self._create),
            ("PUT", rf"{base}/discussions/(\w+)", self._resolve),
            ("POST", r"/api/v4/projects/o%2Fr/statuses/\w+", lambda *_: (201, {}, {})),
        ]

    def add(self, body: str, author: int = ME, **more: Any) -> Json:
        """Add a discussion."""
        note = {"id": next(self.numbers), "body": body, "author": {"id": author}, "resolvable": True, "resolved": False}
        self.discussions.append({"id": f"d{note['id']}", "individual_note": False, "notes": [{**note, **more}]})
        return self.discussions[-1]

    def _merge_request(self, *_: object) -> Answer:
        refs = {"base_sha": "b" * 40, "start_sha": "c" * 40, "head_sha": self.sha}
        return 200, {}, {"iid": 7, "sha": self.sha, "diff_refs": refs}

    def _list(self, asked: Asked, _found: re.Match[str]) -> Answer:
        size, page = min(int(asked.query["per_page"]), self.page), int(asked.query["page"])
        more = str(page + 1) if page * size < len(self.discussions) else ""
        return 200, {"X-Next-Page": more}, self.discussions[(page - 1) * size : page * size]

    def _create(self, asked: Asked, _found: re.Match[str]) -> Answer:
        position = asked.body.get("position")
        if position and position["position_type"] == "text" and self.lines is not None:
            assert {"base_sha", "start_sha", "head_sha", "new_path", "old_path", "new_line"} <= position.keys()
            if (position["new_path"], position["new_line"]) not in self.lines:
                return 400, {}, {"message": '400 Bad request - Note {:line_code=>["can\'t be blank"]}'}
        return 201, {}, self.add(asked.body["body"], position=position)

    def _resolve(self, asked: Asked, found: re.Match[str]) -> Answer:
        discussion = next((one for one in self.discussions if one["id"] == found[1]), None)
        if discussion is None:
            return 404, {}, {"message": "404 Discussion Not Found"}
        for note in discussion["notes"]:
            note["resolved"] = asked.query["resolved"] == "true"
        return 200, {}, discussion


@dataclass
class Gitea(Shows):
    """A pull request with reviews."""

    reviews: list[Json] = field(default_factory=list)
    page: int = 50

    def __post_init__(self) -> None:
        """Say what is where."""
        base = "/api/v1/repos/o/r"
        self.routes = [
            ("GET", "/api/v1/user", lambda *_: (200, {}, {"id": ME})),
            ("GET", f"{base}/pulls/7/reviews", self._list),
            ("POST", f"{base}/pulls/7/reviews", self._create),
            ("POST", rf"{base}/pulls/7/reviews/(\d+)", self._submit),
            ("GET", rf"{base}/pulls/7/reviews/(\d+)/comments", self._comments),
            ("PATCH", rf"{base}/issues/comments/(\d+)", self._edit),
            ("POST", rf"{base}/statuses/\w+", lambda *_: (201, {}, {})),
        ]

    def add(self, comments: list[Json], author: int = ME, state: str = "COMMENT") -> Json:
        """Add a review."""
        made = [{**one, "id": next(self.numbers), "user": {"id": author}} for one in comments]
        review = {"id": next(self.numbers), "state": state, "user": {"id": author}, "comments": made}
        self.reviews.append(review)
        return self._given(review)

    def comments(self) -> list[Json]:
        """Return all comments."""
        return [one for review in self.reviews for one in review["comments"]]

    def _given(self, review: Json) -> Json:
        return {
            **{name: value for name, value in review.items() if name != "comments"},
            "comments_count": len(review["comments"]),
        }

    def _list(self, asked: Asked, _found: re.Match[str]) -> Answer:
        size, page = min(int(asked.query["limit"]), self.page), int(asked.query["page"])
        return 200, {}, [self._given(one) for one in self.reviews[(page - 1) * size : page * size]]

    def _create(self, asked: Asked, _found: re.Match[str]) -> Answer:
        assert asked.body["event"] == "COMMENT"
        return 200, {}, self.add(asked.body["comments"])

    def _submit(self, asked: Asked, found: re.Match[str]) -> Answer:
        review = next(one for one in self.reviews if one["id"] == int(found[1]))
        review["state"] = asked.body["event"]
        return 200, {}, self._given(review)

    def _comments(self, _asked: Asked, found: re.Match[str]) -> Answer:
        return 200, {}, next(one for one in self.reviews if one["id"] == int(unquote(found[1])))["comments"]

    def _edit(self, asked: Asked, found: re.Match[str]) -> Answer:
        comment = next((one for one in self.comments() if one["id"] == int(found[1])), None)
        if comment is None:
            return 404, {}, {"message": "not found"}
        comment["body"] = asked.body["body"]
        return 200, {}, comment
