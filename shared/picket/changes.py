"""What a commit changes: which blobs became which. All packages speak of history in these terms."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit's id (hex), author as recorded (invalid UTF-8 replaced) and dates (RFC 3339)."""

    sha: str
    author: str
    email: str
    date: str
    committed: str


@dataclass(frozen=True, slots=True)
class Change:
    """A blob that a commit puts at a path.

    `olds` are the blobs at that path in the commit's parents, one for each parent that has one.
    """

    commit: Commit
    path: str
    new: str
    olds: tuple[str, ...]
