"""Looking at many short texts, such as the messages of commits: most hold nothing, and cost a share of one pass."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import TypeVar

from picket.changes import Commit
from picket.detection.engine import Engine
from picket.detection.report import Located, Occurrence, look

T = TypeVar("T")

_TOGETHER = 1 << 20
"""Bytes that are looked at in one pass."""
_BETWEEN = b"\n\0\n"


def look_at_texts(
    engine: Engine, texts: Iterable[tuple[T, bytes]], name: Callable[[T], str]
) -> Iterator[tuple[T, tuple[Located, ...]]]:
    """Scan texts that stand at no path.

    Args:
        engine: The detection engine.
        texts: Whatever each text belongs to, and its UTF-8 bytes.
        name: Gives the commit's id of what a text belongs to, for allow-lists that name commits.

    Yields:
        What each text that has hits belongs to, and those.
    """
    for some in _together(texts):
        for owner, text in _worth_a_look(engine, some):
            if found := look(engine, text, [""], name(owner)):
                yield owner, found


def in_messages(engine: Engine, commits: Iterable[Commit]) -> Iterator[Occurrence]:
    """Find what the messages of commits, and of tags read as such, hold: each is introduced by its own commit."""
    texts = ((commit, commit.message.encode("utf-8", "replace")) for commit in commits if commit.message)
    for commit, found in look_at_texts(engine, texts, lambda commit: commit.sha):
        for at in found:
            yield Occurrence(commit, at)


def _together(texts: Iterable[tuple[T, bytes]]) -> Iterator[list[tuple[T, bytes]]]:
    some: list[tuple[T, bytes]] = []
    size = 0
    for owner, text in texts:
        if some and size + len(text) > _TOGETHER:
            yield some
            some, size = [], 0
        some.append((owner, text))
        size += len(text)
    if some:
        yield some


def _worth_a_look(engine: Engine, texts: list[tuple[T, bytes]]) -> list[tuple[T, bytes]]:
    """Return the texts in which the prefilter points at something, from one pass over all of them."""
    starts, at = [], 0
    for _, text in texts:
        starts.append(at)
        at += len(text) + len(_BETWEEN)
    windows = engine.prefilter.windows(_BETWEEN.join(text for _, text in texts))
    wanted: set[int] = set()
    for first, stop in chain.from_iterable(windows.values()):
        wanted.update(range(max(0, bisect_right(starts, first) - 1), bisect_left(starts, stop)))
    return [texts[index] for index in sorted(wanted)]
