"""Text hidden in text: runs of base64, hex, percent-encoded or escaped characters, decoded to be scanned again.

Hyperscan finds where a run may be, by expressions that only the encoding of readable text matches: an image in base64
costs a pass of the automaton and nothing more. All runs of a blob are decoded into one `Layer`, which knows for each
of its bytes where it came from.
"""

from __future__ import annotations

import binascii
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from picket.detection.text import as_utf8

SHORTEST = 12
"""Characters that a decoded run has at least: any less holds no credential together with what tells it."""
LONGEST = 16 * 1024 * 1024
"""Bytes of one encoded run that are looked at."""
REACH = 2048
"""Bytes around an escape that are unescaped with it, within its line."""
GROWTH = 2
"""What is decoded of a blob may be this many times as large as the blob: runs of different encodings overlap."""
MOSTLY = 0.95  # of a decoded run is readable, or it is no text
_READABLE = bytes(range(0x20, 0x7F)) + b"\t\n\r"
_SEPARATOR = b"\n\n"  # between runs: no rule's context goes on over an empty line by intention


class Piece(NamedTuple):
    """What decoded bytes from `at` on came from: `[start, end)` byte by byte if `exact`, else as a whole."""

    at: int
    start: int
    end: int
    exact: bool


class Run(NamedTuple):
    """An encoded run `[start, end)` of a blob; its pieces count their `at` from 0."""

    start: int
    end: int
    content: bytes
    pieces: Sequence[Piece]


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


class Encoding(NamedTuple):
    """How one kind of run is found: `trigger` in Hyperscan's syntax matches in it, `lookback` bytes at most."""

    name: str
    trigger: str
    lookback: int
    run: Callable[[bytes, int, int, int], Run | None]


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


# --- base64 and hex: one alphabet, decoded as a whole --------------------------------------------------------------

# The bytes of ASCII text have no top bit: of 64 characters 32 can begin a group of four, and 32 each follow as second
# and third. A run is known by three such groups after a digit, which most groups hold (so the automaton can skip from
# digit to digit at 2 GB/s where a boundary before the run would cost twice the time of all rules), or before padding.
_FIRST, _SECOND = "[A-Za-f]", "[A-HQ-Xg-nw-z0-3]"
_THIRD, _FOURTH = "[ABEFIJMNQRUVYZcdghklopstwx014589]", "[A-Za-z0-9+/_-]"
_GROUP = _FIRST + _SECOND + _THIRD + _FOURTH
_BASE64_TRIGGER = (
    rf"(?:(?:[0-9]|[0-3]{_THIRD}{_FOURTH}|[014589]{_FOURTH}){_GROUP}{_GROUP}{_GROUP}"
    rf"|{_GROUP}{_GROUP}{_GROUP}(?:{_FIRST}[AQgw]=|{_FIRST}{_SECOND}[AEIMQUYcgkosw048])=)"
)
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]+")
_PADDING = re.compile(rb"={0,2}")
_NEXT_LINE = re.compile(rb"(?:\r?\n|(?:\\r)?\\n)[ \t]*([A-Za-z0-9+/_-]+)(={0,2})(?![^\s\"'\\,])")
_SHORTEST_LINE = 40  # characters: shorter lines of base64 are not broken ones
_URL_SAFE = bytes.maketrans(b"-_", b"+/")

_HEX_TRIGGER = "(?:[2-7][0-9A-Fa-f]|0[9AaDd]){12}"
_HEX = re.compile(rb"[0-9A-Fa-f]+")


def _base64(content: bytes, first: int, stop: int, floor: int) -> Run | None:
    start = _run_start(_BASE64, content, first, floor)
    found = _BASE64.search(content, start, start + LONGEST)
    if not found or found.start() >= stop:
        return None
    start, end = found.span()
    if start < stop <= end + len("=="):  # the trigger tells how the groups lie; what is before may be a path or a name
        start += (stop - start) % 4
    lines, end = _lines(content, start, end)
    encoded = b"".join(lines).translate(_URL_SAFE)
    encoded = encoded[: -1 if len(encoded) % 4 == 1 else None]
    return _whole(start, end, binascii.a2b_base64(encoded + b"=" * (-len(encoded) % 4)))


def _lines(content: bytes, start: int, end: int) -> tuple[list[bytes], int]:
    """Go on over line breaks, as long as the lines are as wide as the first; only the last may be shorter."""
    lines, width = [content[start:end]], end - start
    while len(lines[-1]) == width >= _SHORTEST_LINE and end - start < LONGEST:
        following = _NEXT_LINE.match(content, end)
        if not following or len(following[1] + following[2]) > width:
            break
        lines.append(following[1])
        end = following.end(1)
    padding = _PADDING.match(content, end)
    return lines, padding.end() if padding else end


def _hex(content: bytes, first: int, stop: int, floor: int) -> Run | None:
    start = _run_start(_HEX, content, first, floor)
    found = _HEX.search(content, start, start + LONGEST)
    if not found or found.start() >= stop:
        return None
    start, end = found.span()
    if start < stop <= end:
        start += (stop - start) % 2
    return _whole(start, end, bytes.fromhex(content[start : end - (end - start) % 2].decode("ascii")))


def _whole(start: int, end: int, decoded: bytes) -> Run:
    text = as_utf8(decoded)
    readable = _is_readable(text) and len(text) >= SHORTEST
    return Run(start, end, text if readable else b"", [Piece(0, start, end, exact=False)])


def _run_start(alphabet: re.Pattern[bytes], content: bytes, inside: int, floor: int) -> int:
    """Find where the run around an offset begins, looking back in steps that double: linear in the run's length."""
    start, step = inside, 64
    while start > floor:
        behind = content[max(floor, start - step) : start][::-1]
        found = alphabet.match(behind)
        start -= found.end() if found else 0
        if not found or found.end() < len(behind) or inside - start > LONGEST:
            break
        step *= 2
    return start


def _is_readable(text: bytes) -> bool:
    """Tell whether decoded bytes are text: ASCII but for a few, or UTF-8."""
    strange = text.translate(None, _READABLE)
    if len(strange) <= (1 - MOSTLY) * len(text):
        return True
    try:
        decoded = text.decode()
    except UnicodeDecodeError:
        return False
    return sum(map(str.isprintable, decoded)) + decoded.count("\n") >= MOSTLY * len(decoded)


# --- percent-encoding and escapes: most characters stand for themselves --------------------------------------------

_PERCENT_TRIGGER = "%(?:[2-7][0-9A-Fa-f]|0[9AaDd])"
_PERCENT = re.compile(rb"%([0-9A-Fa-f]{2})")
_PERCENT_RUN = re.compile(rb"[^\s\"'`<>]+")
# In a URL as it stands what is encoded is no delimiter. Source: RFC 3986, section 2.2, gen-delims.
_PERCENT_IN_URL = re.compile(rb"%(?!3A|2F|3F|23|5B|5D|40|25)([0-9A-F]{2})", re.IGNORECASE)

# Only what stands between a name and its value, or breaks a URL, is worth it: strings in code are full of escapes.
_ESCAPE_TRIGGER = (
    r"""[:=(,>] ?\\+["']|\\+["'] ?[:=]|:\\/\\/|\\u00[2-7][0-9a-fA-F]|(?:\\x[2-7][0-9a-fA-F]){4}"""
    r"""|[A-Za-z0-9_][=:] ?[A-Za-z0-9+/_.~!@#$%^&*-]{8,64}\\+[nr]"""
    r"""|[:=] ?&(?:quot|#34|#39|apos);|&(?:quot|#34|#39|apos); ?[:=]"""
)
_ESCAPE = re.compile(
    rb"""\\+(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(["'/nrt\\]))|&(?:(quot|apos|amp|lt|gt)|\#([0-9]{1,5}));"""
)
_ENTITIES = {b"quot": b'"', b"apos": b"'", b"amp": b"&", b"lt": b"<", b"gt": b">"}
_CONTROLS = {b"n": b"\n", b"r": b"\r", b"t": b"\t"}


def _percent(content: bytes, first: int, stop: int, floor: int) -> Run | None:
    start = _run_start(_PERCENT_RUN, content, first, max(floor, first - REACH))
    found = _PERCENT_RUN.search(content, start, stop + REACH)
    if not found or found.start() >= stop:
        return None
    pattern = _PERCENT_IN_URL if b"://" in found.group() else _PERCENT
    return _substituted(content, *found.span(), pattern, lambda match: bytes.fromhex(match[1].decode("ascii")))


def _escaped(content: bytes, first: int, stop: int, floor: int) -> Run | None:
    floor = max(floor, first - REACH)
    start = content.rfind(b"\n", floor, first) + 1 or floor
    end = content.find(b"\n", stop, stop + REACH)
    return _substituted(content, start, end if end >= 0 else min(len(content), stop + REACH), _ESCAPE, _unescaped)


def _unescaped(match: re.Match[bytes]) -> bytes:
    unicode, byte, plain, entity, number = match.groups()
    if plain:
        return _CONTROLS.get(plain, plain)
    if entity:
        return _ENTITIES[entity]
    code = int(number) if number else int(unicode or byte, 16)
    return chr(code).encode("utf-8", "replace")


def _substituted(
    content: bytes, start: int, end: int, pattern: re.Pattern[bytes], replace: Callable[[re.Match[bytes]], bytes]
) -> Run:
    chunks: list[bytes] = []
    pieces: list[Piece] = []
    size, at = 0, start
    for match in pattern.finditer(content, start, end):
        new = replace(match)
        middle, end_of_it = match.span()
        pieces.append(Piece(size, at, middle, exact=True))
        size += middle - at
        pieces.append(Piece(size, middle, end_of_it, exact=False))
        size += len(new)
        chunks += (content[at:middle], new)
        at = end_of_it
    pieces.append(Piece(size, at, end, exact=True))
    chunks.append(content[at:end])
    return Run(start, end, b"".join(chunks) if len(chunks) > 1 else b"", pieces)


# --- a secret by itself, where its rule says how it is encoded -----------------------------------------------------


def _unquoted(secret: bytes) -> bytes:
    return _PERCENT.sub(lambda match: bytes.fromhex(match[1].decode("ascii")), secret)


def _unbase64(secret: bytes) -> bytes:
    body = secret.rstrip(b"=").translate(_URL_SAFE, b" \t\r\n")
    try:
        return binascii.a2b_base64(body + b"=" * (-len(body) % 4), strict_mode=True)
    except binascii.Error:
        return b""


SECRETS: dict[str, Callable[[bytes], bytes]] = {
    "base64": _unbase64,
    "escapes": lambda secret: _ESCAPE.sub(_unescaped, secret),
    "percent": _unquoted,
}
"""What undoes the encoding that a rule names; empty when the secret is not encoded so."""

ENCODINGS = (
    Encoding("base64", _BASE64_TRIGGER, 20, _base64),
    Encoding("hex", _HEX_TRIGGER, 24, _hex),
    Encoding("percent-encoding", _PERCENT_TRIGGER, 3, _percent),
    Encoding("escaped text", _ESCAPE_TRIGGER, 160, _escaped),
)
"""What is decoded, cheapest to tell first."""
