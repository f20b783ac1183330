"""GitLab's discussions: one at the line of each new finding of a merge request.

A discussion is resolved when its finding is no longer open, and opened again when it is back. Where the line is not in
the merge request's diff, the discussion stands without one: paths are never part of a text, so it leads to the finding
alone.

Source: https://docs.gitlab.com/api/discussions/#merge-requests,
https://docs.gitlab.com/api/merge_requests/#get-single-mr, https://docs.gitlab.com/api/users/#get-the-current-user,
https://docs.gitlab.com/api/rest/#offset-based-pagination.
"""

from __future__ import annotations

from collections.abc import Generator
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, TypeAdapter

from picket.forges.request import Request, with_json
from picket.forges.reviewing import Ask, Keep, Kept, Remark, Reply, Review, Steps, comment, marked, place, whose
from picket.forges.status import Commit

_PAGE = 100
_MOST_PAGES = 100
_RESOLVED = "-"
"""What stands before the id that is kept of a discussion which is resolved."""
_ELSEWHERE = "It is at a line that this merge request's changes do not show."


class _User(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    id: int


class _Refs(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    base_sha: str
    start_sha: str
    head_sha: str


class _MergeRequest(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    sha: str | None = None
    diff_refs: _Refs | None = None


class _Note(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    body: str
    author: _User
    resolved: bool = False


class _Discussion(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    id: str
    notes: list[_Note] = []


_DISCUSSIONS = TypeAdapter(list[_Discussion])


def project(commit: Commit) -> str:
    """Return the URL of a commit's project in the API."""
    return f"{_api(commit)}/projects/{quote(commit.path, safe='')}"


def review(shown: Review, kept: Kept) -> Steps:
    """Have discussions at the lines of a merge request; what is kept is a discussion's id by that of its finding."""
    if not shown.number:
        return
    known = dict(kept)
    if any(remark.finding not in known for remark in shown.remarks):
        found = yield from _found(shown)
        known |= {name: found[name] for name in sorted(found) if name not in known}
        yield Keep(dict(known))
        told = _MergeRequest.model_validate_json((yield Ask(Request("GET", _merge_request(shown)))).body)
        # The head has moved on: the scan of the new one says what is to be said.
        new = shown.remarks if told.sha in {None, shown.commit.sha} else ()
        for remark in new:
            if remark.finding not in known:
                known[remark.finding] = yield from _begun(shown, remark, told.diff_refs)
                yield Keep(dict(known))
    yield from _followed(shown, known)


def _found(shown: Review) -> Generator[Ask, Reply, dict[str, str]]:
    """Return the discussions that there are of what is to be shown, the first of each, begun by the token's user."""
    me = yield from whose(f"{_api(shown.commit)}/user")
    wanted, found, page = {remark.finding for remark in shown.remarks}, dict[str, str](), "1"
    for _ in range(_MOST_PAGES):
        reply = yield Ask(Request("GET", f"{_discussions(shown)}?per_page={_PAGE}&page={page}"))
        for one in _DISCUSSIONS.validate_json(reply.body):
            first = one.notes[0] if one.notes else None
            if first and (not me or first.author.id == me) and marked(first.body) in wanted:
                found.setdefault(marked(first.body), f"{_RESOLVED if first.resolved else ''}{one.id}")
        page = reply.headers.get("x-next-page", "")
        if not page.isdecimal():
            break
    return found


def _begun(shown: Review, remark: Remark, refs: _Refs | None) -> Generator[Ask, Reply, str]:
    """Begin a discussion at a line, or without one where that is not to be had; return its id."""
    if refs and remark.path:
        path = place(remark)
        position: dict[str, Any] = {**refs.model_dump(), "new_path": path, "old_path": path}
        where = {"position_type": "text", "new_line": remark.line} if remark.line else {"position_type": "file"}
        told = {"body": comment(remark), "position": {**position, **where}}
        refused = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY})
        reply = yield Ask(with_json("POST", _discussions(shown), told), refused)
        if reply.status not in refused:
            return _Discussion.model_validate_json(reply.body).id
    reply = yield Ask(with_json("POST", _discussions(shown), {"body": comment(remark, _ELSEWHERE)}))
    return _Discussion.model_validate_json(reply.body).id


def _followed(shown: Review, known: dict[str, str]) -> Steps:
    """Resolve the discussions of findings that are no longer open, and open those of others again."""
    remarks = {remark.finding for remark in shown.remarks}
    for finding, kept in sorted(known.items()):
        is_open, number = finding in remarks, kept.removeprefix(_RESOLVED)
        if is_open != kept.startswith(_RESOLVED):
            continue
        url = f"{_discussions(shown)}/{quote(number, safe='')}?resolved={'false' if is_open else 'true'}"
        yield Ask(Request("PUT", url), frozenset({HTTPStatus.NOT_FOUND}))  # somebody has deleted it
        known[finding] = number if is_open else f"{_RESOLVED}{number}"
        yield Keep(dict(known))


def _api(commit: Commit) -> str:
    return f"{commit.scheme}://{commit.host}/api/v4"


def _merge_request(shown: Review) -> str:
    return f"{project(shown.commit)}/merge_requests/{shown.number}"


def _discussions(shown: Review) -> str:
    return f"{_merge_request(shown)}/discussions"
