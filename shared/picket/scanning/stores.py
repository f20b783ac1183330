"""Where contents come from. A store goes to other processes with the work."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Protocol

from picket.detection.pointers import ELSEWHERE, Pointer
from picket.effects.git import objects
from picket.records import dataclass, field
from picket.scanning.limits import too_large

Read = Callable[[Iterable[str]], Iterator[tuple[str, bytes | str]]]
"""Gives contents by key, or, as text, the reason why it is missing."""


class Store(Protocol):
    """Gives contents of at most `max_bytes` while it is open."""

    @property
    def max_bytes(self) -> int:
        """Larger contents are left out."""

    def open(self) -> AbstractContextManager[Read]:
        """Open it, in the process that reads from it."""

    def elsewhere(self, stands_for: Pointer) -> bytes | str:
        """Return what a pointer of Git LFS stands for or, as text, why it cannot be looked at."""


@dataclass(frozen=True, slots=True)
class GitStore:
    """Blobs of a repository, by id."""

    git_dir: Path
    max_bytes: int

    @contextmanager
    def open(self) -> Iterator[Read]:
        """Start a git of its own."""
        with objects.reader(self.git_dir, self.max_bytes, whole=False) as blobs:

            def read(keys: Iterable[str]) -> Iterator[tuple[str, bytes | str]]:
                for key, content in blobs(keys):
                    yield key, content if isinstance(content, bytes) else self._reason(content)

            yield read

    def elsewhere(self, stands_for: Pointer) -> bytes | str:
        """Take it from where Git LFS keeps what it has fetched or added."""
        from picket.scanning.lfs import content_of  # noqa: PLC0415 - few repositories have one

        return content_of(stands_for, objects.common_dir(self.git_dir), self.max_bytes)

    def _reason(self, absent: objects.Absent) -> str:
        return too_large(self.max_bytes) if absent is objects.Absent.TOO_LARGE else absent.value


@dataclass(frozen=True, slots=True)
class FolderStore:
    """Files of a folder, by path in it."""

    root: Path
    max_bytes: int

    def open(self) -> AbstractContextManager[Read]:
        """Need nothing."""
        return nullcontext(self._read)

    def elsewhere(self, stands_for: Pointer) -> bytes | str:  # noqa: ARG002 - as the others
        """Have none."""
        return ELSEWHERE

    def _read(self, keys: Iterable[str]) -> Iterator[tuple[str, bytes | str]]:
        """Yield regular files; links are not followed, and what cannot be read is told."""
        for key in keys:
            try:
                yield key, self._content(key)
            except OSError as error:
                yield key, f"cannot be read: {error.strerror}"

    def _content(self, key: str) -> bytes | str:
        # Opened without waiting for a pipe's other end and without following a link, then judged by what is open.
        handle = os.open(self.root / key, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                return "is not a regular file"
            content = file.read(self.max_bytes + 1)
        return content if len(content) <= self.max_bytes else too_large(self.max_bytes)


@dataclass(frozen=True, slots=True)
class BytesStore:
    """One content, whatever the key."""

    content: bytes = field(repr=False)
    max_bytes: int

    def open(self) -> AbstractContextManager[Read]:
        """Need nothing."""
        return nullcontext(self._read)

    def elsewhere(self, stands_for: Pointer) -> bytes | str:  # noqa: ARG002 - as the others
        """Have none."""
        return ELSEWHERE

    def _read(self, keys: Iterable[str]) -> Iterator[tuple[str, bytes | str]]:
        for key in keys:
            yield key, self.content if len(self.content) <= self.max_bytes else too_large(self.max_bytes)
