"""Cutting commits into batches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

MAX_COMMITS = 1_000
MAX_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Plan:
    """The commits of one batch, the bytes of the blobs that are new in it, and the tags whose messages go with it."""

    commits: tuple[str, ...]
    size: int
    tags: tuple[str, ...] = ()


def with_tags(plans: Sequence[Plan], tags: Sequence[str]) -> list[Plan]:
    """Let annotated tags go with the first batch; where there are no commits, with one of their own."""
    if not tags:
        return list(plans)
    first, *others = plans or [Plan((), 0)]
    return [replace(first, tags=tuple(tags)), *others]


def cut(
    commits: Iterable[tuple[str, Iterable[str]]],
    sizes: Mapping[str, int],
    *,
    max_commits: int = MAX_COMMITS,
    max_bytes: int = MAX_BYTES,
) -> Iterator[Plan]:
    """Cut *commits* into batches of about the same bytes, in their order.

    Args:
        commits: Each commit with the blobs it brings.
        sizes: Bytes of each blob; a blob that is not in it counts nothing.
        max_commits: Most commits of one batch.
        max_bytes: Most bytes of one batch, unless a single commit has more.
    """
    listed = [(sha, frozenset(blobs)) for sha, blobs in commits]
    total = _weight(frozenset[str]().union(*(blobs for _, blobs in listed)), sizes)
    parts = max(1, -(-total // max_bytes))
    fair = total / parts
    batch: list[str] = []
    seen: set[str] = set()
    size = 0
    for sha, blobs in listed:
        weight = _weight(blobs - seen, sizes)
        enough = parts > 1 and size + weight / 2 > fair
        if batch and (enough or len(batch) >= max_commits or size + weight > max_bytes):
            yield Plan(tuple(batch), size)
            parts -= 1
            batch, seen, size, weight = [], set(), 0, _weight(blobs, sizes)
        batch.append(sha)
        seen |= blobs
        size += weight
    if batch:
        yield Plan(tuple(batch), size)


def _weight(blobs: Iterable[str], sizes: Mapping[str, int]) -> int:
    return sum(sizes.get(blob, 0) for blob in blobs)
