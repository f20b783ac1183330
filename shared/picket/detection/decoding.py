"""Text hidden in text: what is encoded in a blob becomes a text of its own, to be scanned like any other.

Hyperscan finds where a run may be, by expressions that only the encoding of readable text matches: an image in base64
costs a pass of the automaton and nothing more. All runs of a blob are decoded into one `Layer`, which knows for each
of its bytes where it came from.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from picket.detection.encodings import ENCODINGS, Piece, Run

GROWTH = 2
"""What is decoded of a blob may be this many times as large as the blob: runs of different encodings overlap."""
_SEPARATOR = b"\n\n"  # between runs: no rule's context goes on over an empty line by intention


@dataclass(frozen=True, slots=True)
class Layer:
    """All that is decoded from one blob, run after run.

    `starts` says where each run begins in `content`, `names` how it was encoded, `pieces` where all of it came from.
    """

    content: bytes = field(repr=False)
    starts: tuple[int, ...]
    names: tuple[str, ...]
    pieces: tuple[Piece, ...] = field(repr=False)

    def run_of(self, start: int, end: int) -> str:
        """Name the encoding of the run that `[start, end)` lies in; empty when it lies in more than one."""
        run = bisect_right(self.starts, start) - 1
        return self.names[run] if bisect_right(self.starts, max(start, end - 1)) - 1 == run else ""

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """Tell where the bytes `[start, end)` of the layer stand, encoded, in the blob: offsets, end exclusive."""
        first = self.pieces[self._piece(start)]
        last = self.pieces[self._piece(max(start, end - 1))]
        begin = min(first.start + (start - first.at), first.end) if first.exact else first.start
        stop = min(last.start + (end - last.at), last.end) if last.exact else last.end
        return begin, max(begin, stop)

    def _piece(self, offset: int) -> int:
        return max(0, bisect_right(self.pieces, offset, key=lambda piece: piece.at) - 1)


def decode(content: bytes, windows: Mapping[int, Sequence[Sequence[int]]], first: int) -> Layer | None:
    """Decode the runs of a blob.

    Args:
        content: The blob.
        windows: Where the triggers matched, as `[start, end)`; the key of `ENCODINGS[n]` is *first* + n.
        first: See *windows*.

    Returns:
        What they decode to; `None` when there are none.
    """
    chunks: list[bytes] = []
    starts: list[int] = []
    names: list[str] = []
    pieces: list[Piece] = []
    size = 0
    for name, run in _runs(content, windows, first):
        if size + len(run.content) > GROWTH * len(content):
            break
        starts.append(size)
        names.append(name)
        pieces += [piece._replace(at=piece.at + size) for piece in run.pieces]
        chunks.append(run.content)
        size += len(run.content) + len(_SEPARATOR)
    return Layer(_SEPARATOR.join(chunks), tuple(starts), tuple(names), tuple(pieces)) if chunks else None


def _runs(content: bytes, windows: Mapping[int, Sequence[Sequence[int]]], first: int) -> Iterator[tuple[str, Run]]:
    for number, encoding in enumerate(ENCODINGS, start=first):
        done = 0
        for start, stop in windows.get(number, ()):
            while done < stop and (run := encoding.run(content, max(start, done), stop, done)):
                if run.content:
                    yield encoding.name, run
                done = max(run.end, done + 1)
                start = done  # noqa: PLW2901 - a window may hold more than one run
