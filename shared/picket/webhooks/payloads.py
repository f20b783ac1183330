"""What the payloads of all senders are read with: models that quote nothing, and their fields."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from picket.errors import Malformed
from picket.webhooks.events import Push, Repository, ScanWanted

Sha = Annotated[str, StringConstraints(pattern=r"^(?:[0-9a-f]{40}|[0-9a-f]{64})$")]
Ref = Annotated[str, StringConstraints(pattern=r"^refs/[^\x00-\x20\x7f~^:?*\[\\]+$", max_length=1024)]
Name = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x20\x7f~^:?*\[\\]+$", max_length=1000)]
"""Of a branch or tag, without `refs/heads/` or `refs/tags/`."""
Url = Annotated[str, StringConstraints(max_length=2048)]
Text = Annotated[str, StringConstraints(max_length=2048)]
Number = Annotated[int, Field(ge=0, lt=2**63)]
Uuid = Annotated[str, StringConstraints(pattern=r"^\{?[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\}?$")]
"""Atlassian puts braces around it; `plain` is without."""

MOST_REFS = 50
"""Refs that one delivery may ask a scan of each for; where more have moved, one scan of the repository is cheaper."""


class Model(BaseModel):
    """A part of a payload: it ignores what it does not know, and its errors quote nothing."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


@contextmanager
def fitting(what: str) -> Iterator[None]:
    """Say where a payload does not fit, and never what stands there.

    Args:
        what: Whose payload, and of which event.

    Raises:
        Malformed: A model within it does not validate.
    """
    try:
        yield
    except ValidationError as error:
        places = ", ".join(".".join(map(str, item["loc"])) for item in error.errors(include_input=False))
        raise Malformed(f"{what} payload does not fit at: {places}") from None


def moved(repository: Repository, pushes: Sequence[Push]) -> tuple[Push | ScanWanted, ...]:
    """Return the pushes of one delivery; one scan of the whole repository in the place of very many."""
    return tuple(pushes) if len(pushes) <= MOST_REFS else (ScanWanted(repository),)


def zero(like: str = "") -> str:
    """Return the id of what does not exist, as long as *like*: 40 zeros unless that has 64 digits."""
    return "0" * (len(like) or 40)


def plain(uuid: str) -> str:
    """Return a UUID without braces, in lower case."""
    return uuid.strip("{}").lower()


def without_user(url: str) -> str:
    """Return a URL without the user that some forges put into it; as it is where it is no URL."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl() if parts.scheme in {"https", "http"} else url
