"""What a commit changes: which blobs became which. All packages speak of history in these terms."""

from __future__ import annotations

from picket.records import dataclass, field

MESSAGE = "(message)"
"""What is shown in place of a path where something stands in the message of a commit or tag."""


def shown_place(path: str, line: int) -> str:
    """Return where something stands, for a person."""
    return f"{path or MESSAGE}:{line}"


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit's id (hex), author as recorded (invalid UTF-8 replaced), dates (RFC 3339) and, where read, message."""

    sha: str
    author: str
    email: str
    date: str
    committed: str
    message: str = field(default="", repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Change:
    """A blob that a commit puts at a path.

    `olds` are the blobs at that path in the commit's parents, one for each parent that has one.
    """

    commit: Commit
    path: str
    new: str
    olds: tuple[str, ...]
