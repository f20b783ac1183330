"""How a forge is told what was found in a commit: its requests, without sending anything."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

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
class Request:
    """A POST that sets a status; `headers` hold the token."""

    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes


@dataclass(frozen=True, slots=True)
class Reporting:
    """How one forge is told.

    Attributes:
        request: From the commit, its status and the access token to the request.
        is_done: From status and body of an answer that is no success, and what was sent: whether that is so already.
    """

    request: Callable[[Commit, Status, str], Request]
    is_done: Callable[[int, bytes, Status], bool] = lambda _status, _body, _sent: False
