"""How a forge shows findings at their lines: the requests that make it so, without sending anything.

What is to be done depends on what the forge answers, so each forge has a generator: it gives requests and gets answers,
and says in between what is to be kept for the next time. A worker may die after any request; the next one runs the
generator from its beginning, with what was kept last.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from pydantic import BaseModel, ConfigDict

from picket.forges.request import Request
from picket.forges.status import Commit, Status

Kept = Mapping[str, str]
"""What is known of earlier times, such as the forge's id of a comment by that of a finding."""
_PLAIN = re.compile(r"[^\w .,:;'/+=-]")
"""No `&` either: a forge looks for mentions after it has read `&commat;`."""
_WEB = re.compile(r"\b(?:https?:/*)+|:?//+", re.IGNORECASE)
_SCHEME = re.compile(r":(?=\S)|\bwww\.", re.IGNORECASE)
_MARKER = re.compile(r"<!-- picket ([0-9A-Za-z_-]{1,100}) -->")
_CLOSED = "This finding is no longer open."


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
    """What is to be shown of a commit.

    `number` is that of its pull request, 0 where it is none's head; `carried` says that no status is set apart from
    this.
    """

    identity: str
    commit: Commit
    number: int
    status: Status
    remarks: tuple[Remark, ...]
    carried: bool = False


@dataclass(frozen=True, slots=True)
class Ask:
    """A request to send; a response with one of the statuses in `bears` is not an error."""

    request: Request
    bears: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Keep:
    """State to keep from now on, replacing the former one."""

    known: Kept


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer; header names are lower-case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


Steps = Generator[Ask | Keep, Reply, None]
"""The steps to carry out; `Keep` is answered by an empty `Reply`."""


class _User(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    id: int


def whose(url: str) -> Generator[Ask, Reply, int]:
    """Return the id of the token's user, whom *url* describes; 0 if the token may not read that."""
    told = yield Ask(Request("GET", url), frozenset({HTTPStatus.FORBIDDEN}))
    return 0 if told.status == HTTPStatus.FORBIDDEN else _User.model_validate_json(told.body).id


def plain(text: str) -> str:
    """Return text that no forge takes for markup, a mention or a link; rules of a team may have any description."""
    parted = _SCHEME.sub(lambda found: f"{found[0].rstrip('.')} ", _PLAIN.sub(" ", _WEB.sub("", text)))
    return " ".join(parted.split())


def place(remark: Remark) -> str:
    """Return a remark's path as JSON can hold it: git's names are bytes."""
    return remark.path.encode(errors="surrogateescape").decode(errors="replace")


def marker(remark: Remark) -> str:
    """Return a line by which a comment is known again as that of a finding; forges do not show it."""
    return _marked(remark.finding)


def marked(text: str) -> str:
    """Return the finding whose comment a text is, by its last line; empty if it is none's."""
    found = _MARKER.fullmatch(text.strip().rpartition("\n")[2].strip())
    return found[1] if found else ""


def comment(remark: Remark, aside: str = "") -> str:
    """Return what a comment says of a finding, in Markdown; *aside* is a sentence of ours."""
    link = f"[See it in Picket]({remark.url})" if remark.url else ""
    return "\n\n".join(part for part in (plain(remark.text), aside, link, marker(remark)) if part)


def closed(finding: str) -> str:
    """Return what a comment says of a finding that is no longer open."""
    return f"{_CLOSED}\n\n{_marked(finding)}"


def is_closed(text: str) -> bool:
    """Return whether a comment says that its finding is no longer open."""
    return text.startswith(_CLOSED)


def _marked(finding: str) -> str:
    return f"<!-- picket {finding} -->"
