"""How a forge shows findings at their lines: the requests that make it so, without sending anything.

What is to be done depends on what the forge answers, so each forge has a generator: it gives requests and gets answers,
and says in between what is to be kept for the next time. A worker may die after any request; the next one runs the
generator from its beginning, with what was kept last.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field

from picket.forges.reporting import Commit, Status
from picket.forges.request import Request

Kept = Mapping[str, str]
"""What is known of earlier times, such as the forge's id of a comment by that of a finding."""
_PLAIN = re.compile(r"[^\w .,:;'/+=%$&-]")


@dataclass(frozen=True, slots=True)
class Remark:
    """A finding at a line.

    Attributes:
        finding: Its id.
        path: The file; it is sent as a field of its own, never as part of a text.
        line: Of the file as `commit` has it, from 1; 0 for all of it.
        commit: Full id of the commit that brought it.
        severity: How grave it is: critical, high, medium, low or info.
        text: What it is and what to do, in plain text of ours.
        url: Where a person sees more; empty where nothing does.
    """

    finding: str
    path: str
    line: int
    commit: str
    severity: str
    text: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Review:
    """What is to be shown of a commit; `number` is that of its pull request, 0 where it is none's head."""

    identity: str
    commit: Commit
    number: int
    status: Status
    remarks: tuple[Remark, ...]


@dataclass(frozen=True, slots=True)
class Ask:
    """A request to be sent; an answer with one of the statuses `bears` is no error."""

    request: Request
    bears: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Keep:
    """What is to be kept from now on, in place of what was."""

    known: Kept


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer; header names are lower-case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


Steps = Generator[Ask | Keep, Reply, None]
"""What is to be done; `Keep` is answered by an empty `Reply`."""


def plain(text: str) -> str:
    """Return text that no forge takes for markup, a mention or a link; rules of a team may have any description."""
    return " ".join(_PLAIN.sub(" ", text).replace("://", " ").split())


def marker(remark: Remark) -> str:
    """Return a line by which a comment is known again as that of a finding; forges do not show it."""
    return f"<!-- picket {remark.finding} -->"
