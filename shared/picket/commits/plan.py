"""Cutting commits into batches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

MAX_COMMITS = 1_000
MAX_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Plan:
    """The commits of one batch, and the bytes of the blobs that are new in it."""

    commits: tuple[str, ...]
    size: int


def cut(
    commits: Iterable[tuple[str, Iterable[str]]],
    sizes: Mapping[str, int],
    *,
    max_commits: int = MAX_COMMITS,
    max_bytes: int = MAX_BYTES,
) -> Iterator[Plan]:
    """Cut *commits* into batches, in their order.

    Args:
        commits: Each commit with the blobs it brings.
        sizes: Bytes of each blob; a blob that is not in it counts nothing.
        max_commits: Most commits of one batch.
        max_bytes: Most bytes of one batch, unless a single commit has more.
    """
    batch: list[str] = []
    seen: set[str] = set()
    size = 0
    for sha, blobs in commits:
        fresh = set(blobs) - seen
        weight = sum(sizes.get(blob, 0) for blob in fresh)
        if batch and (len(batch) >= max_commits or size + weight > max_bytes):
            yield Plan(tuple(batch), size)
            batch, seen, size = [], set(), 0
            fresh = set(blobs)
            weight = sum(sizes.get(blob, 0) for blob in fresh)
        batch.append(sha)
        seen |= fresh
        size += weight
    if batch:
        yield Plan(tuple(batch), size)
