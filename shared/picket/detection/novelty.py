"""What of a text was seen before: most of a history's bytes are, since each version repeats nearly all of the last.

A text is cut into chunks where its content says, so that equal passages are cut alike wherever they stand. Which
matches end within a chunk depends on the chunk, the `CONTEXT` bytes before it and the `BEHIND` bytes after it; for
chunks that were seen with the same ones around them it is remembered, and Hyperscan reads only the others.

The cutting and the looking up is compiled code (`novelty.c`), built when the package is installed where a C compiler
is; without it every text is matched whole.
"""

from __future__ import annotations

import ctypes
import os
from bisect import bisect_left
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

from picket.detection.vicinity import Matches

CONTEXT = 512
"""Bytes before a chunk that decide with it what ends in it, and of the shortest chunk: `LEAST` in `novelty.c`."""
BEHIND = 160
"""Bytes after a chunk that decide with it, likewise."""
SHORTEST = 2 * CONTEXT
"""Bytes of the shortest text that is worth looking up."""
_MOST_MATCHES = 1 << 18
"""Matches remembered at most before everything is forgotten."""
_NONE = 2  # the value of a chunk in which no match ends; those above are remembered here


@cache
def library() -> ctypes.CDLL | None:
    """Load the compiled half; None where it was not built, or cannot be loaded."""
    for suffix in EXTENSION_SUFFIXES:
        path = Path(__file__).with_name(f"_novelty{suffix}")
        if path.exists():
            with suppress(OSError):  # it was built for another machine
                return _declared(ctypes.CDLL(str(path)))
    return None


def _declared(found: ctypes.CDLL) -> ctypes.CDLL:
    numbers = ctypes.POINTER(ctypes.c_uint64)
    found.picket_novelty_new.restype = ctypes.c_void_p
    found.picket_novelty_new.argtypes = [ctypes.c_char_p, ctypes.c_uint32]
    found.picket_novelty_free.restype = None
    found.picket_novelty_free.argtypes = [ctypes.c_void_p]
    found.picket_novelty_look.restype = ctypes.c_int64
    look: list[type] = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_uint64, numbers, numbers, ctypes.c_uint64]
    found.picket_novelty_look.argtypes = look
    found.picket_novelty_forget.restype = None
    found.picket_novelty_forget.argtypes = [ctypes.c_void_p]
    found.picket_novelty_fresh.restype = numbers
    found.picket_novelty_fresh.argtypes = [ctypes.c_void_p, numbers]
    found.picket_novelty_learn.restype = None
    found.picket_novelty_learn.argtypes = [ctypes.c_void_p, numbers, ctypes.POINTER(ctypes.c_uint32), ctypes.c_uint64]
    return found


class Novelty:
    """Remembers which matches end where, for one database. Not to be used by two threads at a time.

    Args:
        code: The compiled half.
        power: The memory has room for `2 ** (power - 1)` chunks, of 16 bytes each twice over; when it is full it is
            emptied.

    Raises:
        MemoryError: There is no room.
    """

    def __init__(self, code: ctypes.CDLL, power: int = 20) -> None:
        self._code = code
        self._memory = None
        self._memory = code.picket_novelty_new(os.urandom(32), power)
        if not self._memory:
            raise MemoryError
        self._matches: list[Matches] = []
        self._remembered = 0
        self._room = 0
        self._spans = self._known = (ctypes.c_uint64 * 0)()

    def __del__(self) -> None:
        if self._memory:
            self._code.picket_novelty_free(self._memory)

    def matches(self, text: bytes, find: Callable[[bytes], Matches]) -> Matches:
        """Tell what *find* would find in *text*.

        Args:
            text: What is looked at.
            find: Finds all matches of the one database in the text it is given.
        """
        if len(text) < SHORTEST:
            return find(text)
        looked = self._look(text)
        if looked is None:
            return find(text)
        spans, known = looked
        found = [(start + end, number) for start, value in known for end, number in self._matches[value - _NONE - 1]]
        fresh = [match for start, end in spans for match in _found_in(text, start, end, find)]
        if spans:
            self._learn(fresh)
        return sorted(found + fresh) if found else fresh

    def _look(self, text: bytes) -> tuple[list[tuple[int, int]], list[tuple[int, int]]] | None:
        """Return which spans of *text* are new, and where each chunk with matches begins and their value."""
        needed = len(text) // CONTEXT + 1
        if needed > self._room:
            self._room = 2 * needed
            self._spans, self._known = (ctypes.c_uint64 * (2 * self._room))(), (ctypes.c_uint64 * (2 * self._room))()
        count = self._code.picket_novelty_look(self._memory, text, len(text), self._spans, self._known, self._room)
        if count < 0:
            return None
        new, known = count & 0xFFFFFFFF, count >> 32
        return _pairs(self._spans, new), _pairs(self._known, known)

    def _learn(self, found: Matches) -> None:
        """Remember which matches end in the chunks that were new."""
        if not found:
            self._code.picket_novelty_learn(self._memory, None, None, 0)
            return
        count = ctypes.c_uint64()
        fresh = self._code.picket_novelty_fresh(self._memory, ctypes.byref(count))[: 3 * count.value]
        starts, ends = fresh[0::3], fresh[1::3]
        by_chunk: dict[int, Matches] = {}
        for end, number in found:
            chunk = bisect_left(ends, end)
            by_chunk.setdefault(chunk, []).append((end - starts[chunk], number))
        size, first = len(by_chunk), len(self._matches) + _NONE + 1
        values = (ctypes.c_uint32 * size)(*range(first, first + size))
        self._code.picket_novelty_learn(self._memory, (ctypes.c_uint64 * size)(*by_chunk), values, size)
        self._matches += by_chunk.values()
        self._remembered += len(found)
        if self._remembered > _MOST_MATCHES:
            self._code.picket_novelty_forget(self._memory)
            self._matches, self._remembered = [], 0


def _pairs(numbers: ctypes.Array[ctypes.c_uint64], count: int) -> list[tuple[int, int]]:
    if not count:
        return []
    found = numbers[: 2 * count]
    return list(zip(found[0::2], found[1::2], strict=True))


def _found_in(text: bytes, start: int, end: int, find: Callable[[bytes], Matches]) -> Iterator[tuple[int, int]]:
    """Find the matches that end in `(start, end]`, in no more of *text* than decides about them."""
    first = max(0, start - CONTEXT)
    for at, number in find(text[first : end + BEHIND]):
        if start < first + at <= end:
            yield first + at, number
