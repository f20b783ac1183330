"""Azure DevOps' pull requests: the status of an iteration, and a thread of comments for each finding.

A pull request has an iteration for each push to it. A status of the whole pull request would stand for commits that
came after those it was made of; that of an iteration stands for its head alone.

Threads are the pull request's, whatever its head: they are looked for before one is made. Each run closes those of
findings that it has shown before for the same head, and that are no longer open.

Source: https://learn.microsoft.com/en-us/rest/api/azure/devops/git/pull-request-threads?view=azure-devops-rest-7.1,
https://learn.microsoft.com/en-us/rest/api/azure/devops/git/pull-request-iteration-statuses?view=azure-devops-rest-7.1
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from picket.forges.azure.commits import VERSION, of_repository, told
from picket.forges.request import Request, with_json
from picket.forges.reviewing import Ask, Keep, Kept, Remark, Review, Steps, marker, plain

_MOST = 100
"""Threads of a review: each is a mail to those who follow the pull request. The status has the number of all."""
_PROPERTY = "Picket.Finding"
_MARKDOWN = "Microsoft.TeamFoundation.Discussion.SupportsMarkdown"
"""Without it a link, and the line that is not to be seen, may stand there as they are written."""
_MARKER = re.compile(r"<!-- picket ([^\s<>]{1,200}) -->\s*$")
_LONGEST_PATH = 2_000
_OPEN = frozenset({"active", "pending", "unknown"})


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class _Comment(_Model):
    content: str | None = None


class _Thread(_Model):
    id: int
    status: str | None = None  # what Azure itself says has none
    comments: list[_Comment] | None = None
    properties: dict[str, Any] | None = None
    is_deleted: bool = Field(default=False, alias="isDeleted")

    def finding(self) -> str:
        """Return the id of the finding that it is of, "" if it is of none; comments that are deleted have no text."""
        kept = (self.properties or {}).get(_PROPERTY)
        kept = kept.get("$value") if isinstance(kept, dict) else kept
        if isinstance(kept, str) and kept:
            return kept
        first = self.comments[0].content if self.comments else ""
        found = _MARKER.search(first or "")
        return found[1] if found else ""


class _Threads(_Model):
    value: list[_Thread]


class _Sha(_Model):
    sha: str = Field(alias="commitId")


class _Iteration(_Model):
    id: int
    source: _Sha | None = Field(default=None, alias="sourceRefCommit")


class _Iterations(_Model):
    value: list[_Iteration]


class _Context(_Model):
    genre: str | None = None
    name: str | None = None


class _Status(_Model):
    id: int
    state: str = "notSet"
    description: str | None = None
    context: _Context | None = None
    url: str | None = Field(default=None, alias="targetUrl")


class _Statuses(_Model):
    value: list[_Status]


def review(wanted: Review, known: Kept) -> Steps:
    """Show status and findings of a pull request's head; a pushed commit has no place for findings."""
    if not wanted.number:
        return
    base = f"{of_repository(wanted.commit)}/pullRequests/{wanted.number}"
    yield from _with_status(base, wanted)
    if wanted.status.state != "pending":
        yield from _with_threads(base, wanted, known)


def _with_status(base: str, wanted: Review) -> Steps:
    """Set the status of the head's iteration, unless it is so already; a head that Azure does not show has none."""
    reply = yield Ask(Request("GET", f"{base}/iterations?{VERSION}"))
    found = _Iterations.model_validate_json(reply.body).value
    number = max((one.id for one in found if one.source and one.source.sha == wanted.commit.sha), default=0)
    if not number:
        return
    where = f"{base}/iterations/{number}/statuses?{VERSION}"
    reply = yield Ask(Request("GET", where))
    content = told(wanted.commit, wanted.status)
    ours = [one for one in _Statuses.model_validate_json(reply.body).value if one.context == _context(content)]
    last = max(ours, key=lambda one: one.id, default=None)
    if last is None or _is_other(last, content):
        yield Ask(with_json("POST", where, content))


def _context(content: dict[str, object]) -> _Context:
    return _Context.model_validate(content["context"])


def _is_other(last: _Status, content: dict[str, object]) -> bool:
    said = (last.state, last.description or "", last.url or "")
    return said != (content["state"], content["description"], content.get("targetUrl", ""))


def _with_threads(base: str, wanted: Review, known: Kept) -> Steps:
    reply = yield Ask(Request("GET", f"{base}/threads?{VERSION}"))
    threads = _by_finding(_Threads.model_validate_json(reply.body).value)
    still = {remark.finding for remark in wanted.remarks}
    for finding in sorted(known.keys() - still):
        thread = threads.get(finding)
        if thread and not thread.is_deleted and thread.status in _OPEN:
            yield _changed(base, thread, "fixed")
    shown = wanted.remarks[:_MOST]
    present = dict.fromkeys((*(remark.finding for remark in shown), *sorted(known.keys() & still)), "")
    if known != present:
        yield Keep(present)
    for remark in shown:
        thread = threads.get(remark.finding)
        if thread is None:
            yield Ask(with_json("POST", f"{base}/threads?{VERSION}", _thread(remark)))
        elif thread.status == "fixed" and not thread.is_deleted:
            yield _changed(base, thread, "active")


def _by_finding(threads: Iterable[_Thread]) -> dict[str, _Thread]:
    """Return the first thread of each finding."""
    found: dict[str, _Thread] = {}
    for thread in sorted(threads, key=lambda one: one.id):
        found.setdefault(thread.finding(), thread)
    return found


def _changed(base: str, thread: _Thread, status: str) -> Ask:
    return Ask(with_json("PATCH", f"{base}/threads/{thread.id}?{VERSION}", {"status": status}))


def _thread(remark: Remark) -> dict[str, object]:
    more = [f"[More in Picket]({remark.url})"] if remark.url else []
    content = "\n\n".join((plain(remark.text) or "leaked credential", *more, marker(remark)))
    comments = [{"parentCommentId": 0, "content": content, "commentType": 1}]
    properties = {_PROPERTY: remark.finding, _MARKDOWN: 1}
    made: dict[str, object] = {"comments": comments, "status": "active", "properties": properties}
    return made | _place(remark)


def _place(remark: Remark) -> dict[str, object]:
    """Return where a thread stands; one at a path that no file of a forge has stands at the pull request."""
    if not remark.path or len(remark.path) > _LONGEST_PATH:
        return {}
    place: dict[str, object] = {"filePath": f"/{remark.path}"}
    if remark.line > 0:
        at = {"line": remark.line, "offset": 1}
        place |= {"rightFileStart": at, "rightFileEnd": at}
    return {"threadContext": place}
