"""Gitea's and Forgejo's reviews: a comment at the line of each new finding of a pull request.

A comment stays when its finding is no longer open, and says so then. Neither forge wants the line to be in the diff:
such a comment stands below the pull request alone. The token needs `write:repository`, and `write:issue` to change a
comment; with `read:user`, too, comments of others are not taken for its own.

Source: https://docs.gitea.com/api/ (repoCreatePullReview, repoListPullReviews, repoGetPullReviewComments,
repoSubmitPullReview, issueEditComment, userGetCurrent), https://codeberg.org/api/swagger.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from http import HTTPStatus
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, TypeAdapter

from picket.forges.request import Request, with_json
from picket.forges.reviewing import (
    Ask,
    Keep,
    Kept,
    Remark,
    Reply,
    Review,
    Steps,
    closed,
    comment,
    is_closed,
    marked,
    place,
    whose,
)
from picket.forges.status import Commit

_AT_ONCE = 50
"""Comments of one review: each takes a `git blame` at the forge, and a request has seconds."""
_PAGE = 50
_MOST_PAGES = 20
_PENDING = "PENDING"
_CLOSED = "-"
"""What stands before the id that is kept of a comment which says that its finding is no longer open."""
_BODY = "What Picket found in the commits of this pull request."


class _User(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    id: int


class _Made(BaseModel):
    """A review."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    id: int
    state: str = ""
    comments_count: int = 0
    user: _User | None = None


class _Comment(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    id: int
    body: str
    user: _User | None = None


_REVIEWS, _COMMENTS = TypeAdapter(list[_Made]), TypeAdapter(list[_Comment])


def repository(commit: Commit) -> str:
    """Return the URL of a commit's repository in the API."""
    return f"{_api(commit)}/repos/{quote(commit.path)}"


def review(shown: Review, kept: Kept) -> Steps:
    """Have comments at the lines of a pull request; what is kept is a comment's id by that of its finding."""
    if not shown.number:
        return
    known = dict(kept)
    if any(remark.finding not in known for remark in shown.remarks):
        found = yield from _found(shown)
        known |= {name: found[name] for name in sorted(found) if name not in known}
        yield Keep(dict(known))
        for commit, new in _by_commit(shown, known).items():
            for first in range(0, len(new), _AT_ONCE):
                known |= yield from _made(shown, commit, new[first : first + _AT_ONCE])
                yield Keep(dict(known))
    yield from _followed(shown, known)


def _found(shown: Review) -> Generator[Ask, Reply, dict[str, str]]:
    """Return the comments that there are of what is to be shown, the first of each; a draft left behind is sent."""
    me = yield from whose(f"{_api(shown.commit)}/user")
    wanted, found = {remark.finding for remark in shown.remarks}, dict[str, str]()
    for page in range(1, _MOST_PAGES + 1):
        told = yield Ask(Request("GET", f"{_reviews(shown)}?limit={_PAGE}&page={page}"))
        listed = _REVIEWS.validate_json(told.body)
        for one in listed:
            if not one.comments_count or (me and _id(one.user) != me):
                continue
            ours = yield from _comments(shown, one.id, me)
            if ours and one.state == _PENDING:  # the forge was interrupted
                yield Ask(with_json("POST", f"{_reviews(shown)}/{one.id}", {"event": "COMMENT", "body": _BODY}))
            found = {**{name: known for name, known in ours.items() if name in wanted}, **found}
        if not listed:  # a forge may give fewer on a page than it is asked for
            break
    return found


def _by_commit(shown: Review, known: Kept) -> dict[str, list[Remark]]:
    """Return what has no comment, by the commit whose line it is: a review is of one."""
    found: dict[str, list[Remark]] = {}
    for remark in shown.remarks:
        if remark.finding not in known:
            found.setdefault(remark.commit or shown.commit.sha, []).append(remark)
    return found


def _made(shown: Review, commit: str, remarks: list[Remark]) -> Generator[Ask, Reply, Mapping[str, str]]:
    """Make a review, and return its comments."""
    places = [
        {"path": place(remark), "new_position": max(remark.line, 1), "body": comment(remark)} for remark in remarks
    ]
    told = {"event": "COMMENT", "body": _BODY, "commit_id": commit, "comments": places}
    answer = yield Ask(with_json("POST", _reviews(shown), told))
    return (yield from _comments(shown, _Made.model_validate_json(answer.body).id, 0))


def _comments(shown: Review, number: int, me: int) -> Generator[Ask, Reply, dict[str, str]]:
    """Return the comments of a review by their findings, the first of each; *me*: those of this user alone."""
    told = yield Ask(Request("GET", f"{_reviews(shown)}/{number}/comments"))
    listed = sorted(_COMMENTS.validate_json(told.body), key=lambda one: one.id, reverse=True)
    ours = [one for one in listed if marked(one.body) and (not me or _id(one.user) == me)]
    return {marked(one.body): f"{_CLOSED if is_closed(one.body) else ''}{one.id}" for one in ours}


def _followed(shown: Review, known: dict[str, str]) -> Steps:
    """Have each comment say whether its finding is open."""
    remarks = {remark.finding: remark for remark in shown.remarks}
    for finding, kept in sorted(known.items()):
        remark, number = remarks.get(finding), kept.removeprefix(_CLOSED)
        if (remark is None) == kept.startswith(_CLOSED):
            continue
        body = comment(remark) if remark else closed(finding)
        url = f"{repository(shown.commit)}/issues/comments/{number}"
        gone = frozenset({HTTPStatus.NOT_FOUND})  # somebody has deleted it
        yield Ask(with_json("PATCH", url, {"body": body}), gone)
        known[finding] = number if remark else f"{_CLOSED}{number}"
        yield Keep(dict(known))


def _api(commit: Commit) -> str:
    return f"{commit.scheme}://{commit.host}/api/v1"


def _reviews(shown: Review) -> str:
    return f"{repository(shown.commit)}/pulls/{shown.number}/reviews"


def _id(user: _User | None) -> int:
    return user.id if user else 0
