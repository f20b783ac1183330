"""What a delivery means for Picket, whichever forge it came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Change = Literal["created", "renamed", "transferred", "archived", "unarchived", "deleted", "publicized", "privatized"]


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository as a forge's payload describes it; `forge_key` is `host:numeric id`, empty where it gave none."""

    url: str
    forge_key: str = ""
    visibility: str = ""


@dataclass(frozen=True, slots=True)
class Pushed:
    """A ref moved. `before` and `after` are hex ids, all zero for a ref that did not or does not exist."""

    repository: Repository
    ref: str
    before: str
    after: str
    forced: bool = False


@dataclass(frozen=True, slots=True)
class Altered:
    """The repository itself changed."""

    repository: Repository
    change: Change
    former_url: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Somebody asks for a look at the whole repository."""

    repository: Repository


@dataclass(frozen=True, slots=True)
class Pinged:
    """The forge tests the connection."""


Meaning = Pushed | Altered | Wanted | Pinged


def host_of(url: str) -> str:
    """Return the host of a forge's own URL, for keys; empty where there is none."""
    return url.partition("://")[2].partition("/")[0].rpartition("@")[2].lower()


Payload = dict[str, Any]
