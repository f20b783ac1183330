"""Text hidden in text: what is encoded in a blob becomes a text of its own, to be scanned like any other.

Hyperscan finds where a run may be, by expressions that only the encoding of readable text matches: an image in base64
costs a pass of the automaton and nothing more. All runs of a blob are decoded into one `Layer`, which knows for each
of its bytes where it came from.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence

from picket.detection.encodings import ENCODINGS, Piece, Run
from picket.records import dataclass, field

GROWTH = 2
"""What is decoded of a blob may be this many times as large as the blob: runs of different encodings overlap."""
_SEPARATOR = b"\n\n"  # between runs: no rule's context goes on over an empty line by intention


@dataclass(frozen=True, slots=True)
class Layer:
    """All that is decoded from one blob, run after run.

    `starts` says where each run begins in `content`, `names` how it was encoded.
    """

    content: bytes = field(repr=False)
    starts: tuple[int, ...]
    names: tuple[str, ...]
    runs: tuple[Run, ...] = field(repr=False)
    _pieces: dict[int, Sequence[Piece]] = field(default_factory=dict, repr=False, compare=False)

    def run_of(self, start: int, end: int) -> str:
        """Name the encoding of the run that `[start, end)` lies in; empty when it lies in more than one."""
        run = bisect_right(self.starts, start) - 1
        return self.names[run] if bisect_right(self.starts, max(start, end - 1)) - 1 == run else ""

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """Tell where the bytes `[start, end)` of the layer stand, encoded, in the blob: offsets, end exclusive."""
        begin = self._source(start)[0]
        return begin, max(begin, self._source(max(start, end - 1))[1])

    def _source(self, offset: int) -> tuple[int, int]:
        """Tell where one byte of the layer came from: itself, or what it was decoded from as a whole."""
        run = max(0, bisect_right(self.starts, offset) - 1)
        pieces = self._pieces.get(run)
        if pieces is None:  # once a run: each goes through all of it, and a page may have a thousand hits
            pieces = self._pieces[run] = self.runs[run].pieces()
        offset -= self.starts[run]
        piece = pieces[max(0, bisect_right(pieces, offset, key=lambda each: each.at) - 1)]
        if not piece.exact:
            return piece.start, piece.end
        place = piece.start + offset - piece.at
        return min(place, piece.end), min(place + 1, piece.end)


def decode(blob: bytes, windows: Mapping[int, Sequence[Sequence[int]]], first: int) -> Layer | None:
    """Decode the runs of a blob.

    Args:
        blob: What is scanned.
        windows: Where the triggers matched, as `[start, end)`; the key of `ENCODINGS[n]` is *first* + n.
        first: See *windows*.

    Returns:
        What they decode to; `None` when there are none.
    """
    starts: list[int] = []
    names: list[str] = []
    runs: list[Run] = []
    size = 0
    for name, run in _runs(blob, windows, first):
        if size + len(run.content) > GROWTH * len(blob):
            break
        starts.append(size)
        names.append(name)
        runs.append(run)
        size += len(run.content) + len(_SEPARATOR)
    content = _SEPARATOR.join(run.content for run in runs)
    return Layer(content, tuple(starts), tuple(names), tuple(runs)) if runs else None


def _runs(content: bytes, windows: Mapping[int, Sequence[Sequence[int]]], first: int) -> Iterator[tuple[str, Run]]:
    for number, encoding in enumerate(ENCODINGS, start=first):
        done = 0
        for start, stop in windows.get(number, ()):
            while done < stop and (run := encoding.run(content, max(start, done), stop, done)):
                if run.content:
                    yield encoding.name, run
                done = max(run.end, done + 1)
                start = done  # noqa: PLW2901 - a window may hold more than one run
