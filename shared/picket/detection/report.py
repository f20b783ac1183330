"""From blobs to occurrences: what each commit introduces."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import Enum
from functools import lru_cache

from picket.changes import Change, Commit
from picket.detection.engine import Engine
from picket.detection.model import Hit, introduced
from picket.detection.pointers import ELSEWHERE, pointer
from picket.detection.text import positions
from picket.records import dataclass

_OLD_SIDES_KEPT = 1024


@dataclass(frozen=True, slots=True)
class Located:
    """A hit for a reader: path, and lines and columns from 1; the end column is of the last character.

    `blob_path` is where the blob stands, where that is not `path`: within an archive.
    """

    hit: Hit
    path: str
    start_line: int
    start_column: int
    end_line: int
    end_column: int
    blob_path: str = ""

    @property
    def identity(self) -> bytes:
        """The secret without differences in notation."""
        return self.hit.identity


@dataclass(frozen=True, slots=True)
class Occurrence:
    """Where a commit introduces a secret; `blob` is what it stands in, empty for a message."""

    commit: Commit
    at: Located
    blob: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """What the scan of a batch found; `skipped` are (path, blob, reason) of what could not be scanned."""

    occurrences: tuple[Occurrence, ...]
    skipped: tuple[tuple[str, str, str], ...]
    blobs: int
    size: int


def look(engine: Engine, content: bytes, paths: Sequence[str], commit: str = "") -> tuple[Located, ...]:
    """Scan one blob and say where its hits are.

    Args:
        engine: The detection engine.
        content: The blob.
        paths: Where it stands in its repository.
        commit: The commit that put it there, for allow-lists that name commits.
    """
    found = engine.scan_at(content, paths, commit)
    if not any(found):
        return ()
    where = positions(content, [offset for hits in found for hit in hits for offset in (hit.start, _last(hit))])
    return tuple(
        Located(hit, path, *where[hit.start], *where[_last(hit)])
        for path, hits in zip(paths, found, strict=True)
        for hit in hits
    )


def _last(hit: Hit) -> int:
    return max(hit.start, hit.end - 1)


def introduced_by(
    change: Change, found: Sequence[Located], old: Callable[[str, str], Sequence[Located]]
) -> Iterator[Occurrence]:
    """Tell what one change introduces: what its new blob has and every old side lacks.

    Args:
        change: What a commit put where.
        found: What the new blob has at that path.
        old: Gives what an old blob has at a path; asked only where *found* leaves something to compare.
    """
    fresh = list(found)
    for blob in change.olds:
        if fresh:
            fresh = introduced(fresh, old(blob, change.path))
    for each in fresh:
        yield Occurrence(change.commit, each, change.new)


def detect(
    changes: Iterable[Change],
    blobs: Iterable[tuple[str, bytes | Enum]],
    read: Callable[[Iterable[str]], Iterator[tuple[str, bytes | Enum]]],
    engine: Engine,
) -> Report:
    """Find what *changes* introduce.

    The old sides are read only where the new one has hits.

    Args:
        changes: What the commits put where.
        blobs: Each new blob's id and content, once; or, as an enumeration's value, why it is missing.
        read: Gives old blobs in the same way, by id.
        engine: The detection engine.
    """
    uses: defaultdict[str, list[Change]] = defaultdict(list)
    for change in changes:
        uses[change.new].append(change)
    named = engine.ruleset.named_commits

    @lru_cache(maxsize=_OLD_SIDES_KEPT)
    def old(blob: str, path: str) -> tuple[Located, ...]:
        [(_, content)] = read([blob])
        return look(engine, content, [path]) if isinstance(content, bytes) else ()

    occurrences: list[Occurrence] = []
    skipped: list[tuple[str, str, str]] = []
    count = size = 0
    for blob, content in blobs:
        if not isinstance(content, bytes):
            skipped.extend((change.path, blob, str(content.value)) for change in uses[blob])
            continue
        if pointer(content):
            skipped.extend((change.path, blob, ELSEWHERE) for change in uses[blob])
        count, size = count + 1, size + len(content)
        found: dict[tuple[str, str], tuple[Located, ...]] = {}
        for change in uses[blob]:
            place = (change.path, change.commit.sha if change.commit.sha in named else "")
            if place not in found:
                found[place] = look(engine, content, [change.path], place[1])
            occurrences.extend(introduced_by(change, found[place], old))
    return Report(tuple(occurrences), tuple(skipped), count, size)
