"""The files of one commit: from the mirror where this machine has it, else by a fetch of that commit alone."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from picket.commits.repository import RepositoryAddress
from picket.effects.git import mirror, objects, transport
from picket.effects.git.command import run
from picket.errors import Gone
from picket.settings import settings

_ENTRY = re.compile(rb"(?P<mode>[0-7]{6}) (?P<kind>\w+) (?P<oid>[0-9a-f]+)\t(?P<path>.*)", re.DOTALL)
_FILES = frozenset({b"100644", b"100755"})


class Snapshot:
    """The files of a commit."""

    def __init__(self, git_dir: Path, commit: str) -> None:
        self._git_dir = git_dir
        listed = run(git_dir, "ls-tree", "-r", "-z", "--full-tree", commit)
        entries = (_ENTRY.fullmatch(entry) for entry in listed.split(b"\0") if entry)
        self._ids = {
            entry["path"].decode("utf-8", "surrogateescape"): entry["oid"].decode()
            for entry in entries
            if entry and entry["mode"] in _FILES
        }

    def __contains__(self, path: str) -> bool:
        """Return whether the commit has a file of this path."""
        return path in self._ids

    @property
    def paths(self) -> list[str]:
        """The paths of its files, sorted."""
        return sorted(self._ids)

    def contents(self, paths: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Give the content of each file, one at a time; one that is not there or too large is left out."""
        wanted: dict[str, list[str]] = {}
        for path in paths:
            if path in self._ids:
                wanted.setdefault(self._ids[path], []).append(path)
        with objects.reader(self._git_dir, settings().max_blob_bytes) as read:
            for oid, content in read(wanted):
                if isinstance(content, bytes):
                    yield from ((path, content) for path in wanted[oid])


@contextmanager
def of(repository: str, address: RepositoryAddress, commit: str) -> Iterator[Snapshot]:
    """Give the files of a commit.

    Args:
        repository: Id of the repository.
        address: Where to fetch from.
        commit: Id of the commit.

    Raises:
        PicketError: As `transport.fetch`.
        Gone: The server has no such commit.
    """
    known = mirror.path_of(repository)
    if known.exists() and mirror.is_whole(known, commit):
        yield Snapshot(known, commit)
        return
    with tempfile.TemporaryDirectory(prefix="picket-snapshot-") as folder:
        made = mirror.make(Path(folder) / "snapshot.git", len(commit))
        transport.fetch(made, address, commit, depth=1)
        if not mirror.has_commit(made, commit):
            raise Gone(f"commit {commit} is not there")
        yield Snapshot(made, commit)
