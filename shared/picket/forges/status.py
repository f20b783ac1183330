"""What is said of a commit, and where it is."""

from __future__ import annotations

from dataclasses import dataclass
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
