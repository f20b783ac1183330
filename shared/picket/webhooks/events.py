"""What a delivery means for Picket, for every sender."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from picket.findings.model import Report

Change = Literal["created", "renamed", "transferred", "archived", "unarchived", "deleted", "publicized", "privatized"]


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository as a forge's payload describes it.

    `forge_key` is `host:id`, where the id is the forge's own, a number or a UUID in lower case without braces; empty
    where the forge gave none. `as_of` is the time for which the payload describes it (RFC 3339 in UTC), empty where it
    does not say.
    """

    url: str
    forge_key: str = ""
    visibility: str = ""
    as_of: str = ""


@dataclass(frozen=True, slots=True)
class Push:
    """A ref moved.

    `before` and `after` are hex ids, all zero for a ref that did not or does not exist; `before` is empty where the
    forge does not tell.
    """

    repository: Repository
    ref: str
    before: str
    after: str
    forced: bool = False


@dataclass(frozen=True, slots=True)
class PullRequest:
    """A pull request was opened, or its head has moved.

    `repository` is the one it is to be merged into, `head` the full id of its head, `ref` where `repository` keeps
    that, `target` the full name of the branch it is for. `source` is the repository of the head where that is another
    one; None where it is the same, or gone.

    Where the forge tells only the first digits of the id, `head` is empty and `begins` holds them; `branch` is the full
    name of the branch that has the head, in `source` or else in `repository`, and is empty where that is gone.
    """

    repository: Repository
    number: int
    head: str
    ref: str
    target: str
    source: Repository | None = None
    begins: str = ""
    branch: str = ""


@dataclass(frozen=True, slots=True)
class RepositoryEvent:
    """The repository itself changed."""

    repository: Repository
    change: Change
    former_url: str = ""


@dataclass(frozen=True, slots=True)
class RepositoryTold:
    """The repository as it is now; which of it has changed is not told."""

    repository: Repository


@dataclass(frozen=True, slots=True)
class ScanWanted:
    """A scan of the whole repository is wanted."""

    repository: Repository


@dataclass(frozen=True, slots=True)
class Ping:
    """The forge tests the connection."""


@dataclass(frozen=True, slots=True)
class Ignored:
    """A genuine delivery of no interest; `why` says more of that, in words of Picket's own."""

    why: str = ""


@dataclass(frozen=True, slots=True)
class ReportTold:
    """A tool's report of a repository.

    `complete` says whether it tells all that the tool finds, or all of the part of it that `part` names, such as one
    alert: what of that is not in it is gone.
    """

    repository: Repository
    tool: str
    report: Report
    ref: str = ""
    commit: str = ""
    complete: bool = False
    part: str = ""


IMAGES = "delivery of an image: images are not scanned yet"
"""Why what a registry tells is ignored."""
ForgeEvent = Push | PullRequest | RepositoryEvent | RepositoryTold | ScanWanted | ReportTold | Ping | Ignored


def as_of(*times: object) -> str:
    """Return the latest of the times that a payload names, in the form of `events.now`; empty if it names none.

    Args:
        times: RFC 3339 text or Unix seconds; anything else is passed over.
    """
    moments = [moment for moment in map(_moment, times) if moment]
    return max(moments).isoformat(timespec="microseconds").replace("+00:00", "Z") if moments else ""


def _moment(time: object) -> datetime | None:
    try:
        if isinstance(time, str):
            found = datetime.fromisoformat(time)
            return found.astimezone(UTC) if found.tzinfo else None
        return datetime.fromtimestamp(time, UTC) if isinstance(time, int) and not isinstance(time, bool) else None
    except (ValueError, OverflowError, OSError):
        return None


def host_of(url: str) -> str:
    """Return the host of a forge's own URL, for keys; empty if there is no such thing."""
    return url.partition("://")[2].partition("/")[0].rpartition("@")[2].lower()
