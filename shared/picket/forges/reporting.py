"""How a forge is told what was found in a commit: its requests, without sending anything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from picket.forges.request import Request

if TYPE_CHECKING:
    from picket.forges.reviewing import Kept, Review, Steps

State = Literal["pending", "success", "failure", "error"]
CONTEXT = "picket"
"""Under which name the status of a pushed commit stands."""
PROPOSED = "picket/pull-request"
"""The same of the head of a pull request: what all of its commits bring."""


@dataclass(frozen=True, slots=True)
class Status:
    """What is said of a commit: no text of the repository's. `url` leads to the findings, empty where none does."""

    state: State
    description: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Commit:
    """Where a commit is.

    Scheme and host, with its port, of the forge; path of the repository; branch, empty for the head of a pull request;
    full id; under which name its status stands.
    """

    scheme: str
    host: str
    path: str
    branch: str
    sha: str
    context: str = CONTEXT


@dataclass(frozen=True, slots=True)
class Reporting:
    """How one forge is told.

    Attributes:
        headers: From the access token to headers.
        request: From the commit and its status to the request that sets it.
        is_done: From status and body of an answer that is no success, and what was sent: whether that is so already.
        review: From what is to be shown and what was kept last to the steps that show findings at their lines; None
            where the forge has no way to.
        carries: From the access token to whether that shows the status as well, so that none is set apart from it.
    """

    headers: Callable[[str], dict[str, str]]
    request: Callable[[Commit, Status], Request]
    is_done: Callable[[int, bytes, Status], bool] = lambda _status, _body, _sent: False
    review: Callable[[Review, Kept], Steps] | None = None
    carries: Callable[[str], bool] = lambda _token: False
