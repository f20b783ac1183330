"""What a repository holds and no ref leads to: what was amended, pushed away or dropped, and what was never committed.

Reflogs lead nowhere here: what only they name is what somebody wanted to be gone. Git keeps such objects for weeks, and
a server hands them to whoever knows their ids.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from picket.effects.git.command import run
from picket.effects.git.objects import common_dir
from picket.records import dataclass

_IDS = ("cat-file", "--batch-all-objects", "--unordered", "--buffer", "--batch-check=%(objectname)")
_KINDS = ("cat-file", "--buffer", "--batch-check=%(objectname) %(objecttype)")


@dataclass(frozen=True, slots=True)
class Unreachable:
    """Ids of objects; `damaged` are those that cannot be read."""

    commits: tuple[str, ...]
    tags: tuple[str, ...]
    blobs: tuple[str, ...]
    damaged: tuple[str, ...]


def find(git_dir: Path) -> Unreachable:
    """Find what neither a ref nor a work tree's HEAD leads to.

    What a repository borrows from another one (`objects/info/alternates`) is that one's, and left out.

    Raises:
        GitFailed: What refs lead to cannot be told: a commit or folder is missing that is not left out on purpose.
    """
    ids = _own(git_dir)
    with tempfile.TemporaryFile(prefix="picket-reachable-") as file:
        # Blobs and folders that a partial clone lacks are no hindrance: what is missing is not among its own.
        run(git_dir, "rev-list", "--objects", "--no-object-names", "--missing=allow-any", "--all", stdout=file)
        file.seek(0)
        for line in file:
            ids.discard(line.strip())
    by_kind: dict[str, list[str]] = {}
    for oid, kind in _kinds(git_dir, sorted(ids)):
        by_kind.setdefault(kind, []).append(oid)
    return Unreachable(*(tuple(by_kind.get(kind, ())) for kind in ("commit", "tag", "blob", "missing")))


def _own(git_dir: Path) -> set[bytes]:
    with _without_borrowed(common_dir(git_dir).resolve() / "objects") as environment:
        return set(run(git_dir, *_IDS, environment=environment).split())


def _kinds(git_dir: Path, ids: Iterable[bytes]) -> Iterator[tuple[str, str]]:
    asked = b"".join(oid + b"\n" for oid in ids)
    lines = run(git_dir, *_KINDS, stdin=asked).decode().splitlines() if asked else []
    return ((oid, kind) for oid, _, kind in (line.partition(" ") for line in lines))


@contextmanager
def _without_borrowed(objects: Path) -> Iterator[dict[str, str]]:
    """Give an environment in which git sees the objects of this folder alone.

    No option of git's leaves out what `info/alternates` names, so it is shown a folder that lacks that file.
    """
    if not (objects / "info" / "alternates").exists():
        yield {}
        return
    with tempfile.TemporaryDirectory(prefix="picket-objects-") as folder:
        for path in objects.iterdir():
            if path.name != "info":
                (Path(folder) / path.name).symlink_to(path)
        yield {"GIT_OBJECT_DIRECTORY": folder, "GIT_ALTERNATE_OBJECT_DIRECTORIES": ""}
