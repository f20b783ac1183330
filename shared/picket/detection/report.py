"""From blobs to occurrences: what each commit introduces."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from picket.changes import Change, Commit
from picket.detection.engine import Engine
from picket.detection.model import Hit, introduced
from picket.detection.text import position

_OLD_SIDES_KEPT = 1024


@dataclass(frozen=True, slots=True)
class Occurrence:
    """Where a commit introduces a secret; lines and columns are 1-based, the end column is of the last character."""

    hit: Hit
    commit: Commit
    path: str
    start_line: int
    start_column: int
    end_line: int
    end_column: int


@dataclass(frozen=True, slots=True)
class Report:
    """What the scan of a batch found; `skipped` are (path, blob, reason) of what could not be scanned."""

    occurrences: tuple[Occurrence, ...]
    skipped: tuple[tuple[str, str, str], ...]
    blobs: int
    size: int


def detect(
    changes: Iterable[Change],
    blobs: Iterable[tuple[str, bytes | None]],
    read: Callable[[str], bytes | None],
    engine: Engine,
) -> Report:
    """Find what *changes* introduce.

    A commit introduces what its new blob has and every old side lacks; the old sides are read only where the new one
    has hits.

    Args:
        changes: What the commits put where.
        blobs: Each new blob's id and content, once; None where it is too large.
        read: Gives an old blob's content, None where it is too large or missing.
        engine: The detection engine.
    """
    uses: defaultdict[str, list[Change]] = defaultdict(list)
    for change in changes:
        uses[change.new].append(change)

    @lru_cache(maxsize=_OLD_SIDES_KEPT)
    def old_hits(blob: str, path: str) -> tuple[Hit, ...]:
        return tuple(engine.scan(read(blob) or b"", path))

    occurrences: list[Occurrence] = []
    skipped: list[tuple[str, str, str]] = []
    count = size = 0
    for blob, content in blobs:
        if content is None:
            skipped.extend((change.path, blob, "larger than the limit") for change in uses[blob])
            continue
        count, size = count + 1, size + len(content)
        for path, same_path in _by_path(uses[blob]).items():
            if hits := engine.scan(content, path):
                occurrences.extend(_occurrences(content, hits, same_path, old_hits))
    return Report(tuple(occurrences), tuple(skipped), count, size)


def _by_path(changes: Sequence[Change]) -> dict[str, list[Change]]:
    found: defaultdict[str, list[Change]] = defaultdict(list)
    for change in changes:
        found[change.path].append(change)
    return found


def _occurrences(
    content: bytes,
    hits: Sequence[Hit],
    changes: Sequence[Change],
    old_hits: Callable[[str, str], tuple[Hit, ...]],
) -> Iterable[Occurrence]:
    for change in changes:
        fresh = list(hits)
        for old in change.olds:
            fresh = introduced(fresh, old_hits(old, change.path))
        for hit in fresh:
            line, column = position(content, hit.start)
            end_line, end_column = position(content, max(hit.start, hit.end - 1))
            yield Occurrence(hit, change.commit, change.path, line, column, end_line, end_column)
