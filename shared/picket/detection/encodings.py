"""How runs of encoded text are found and undone: base64, hex, percent-encoding, escapes."""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple

from picket.detection.escapes import ESCAPE, undone, unescaped
from picket.detection.text import as_utf8

SHORTEST = 12
"""Characters that a decoded run has at least: any less holds no credential together with what tells it."""
LONGEST = 16 * 1024 * 1024
"""Bytes of one encoded run that are looked at."""
REACH = 2048
"""Bytes around an escape that are unescaped with it, within its line."""
MOSTLY = 0.95  # of a decoded run is readable, or it is no text
_SHORT = 4096  # bytes of a text that is worth remembering decoded
_READABLE = bytes(range(0x20, 0x7F)) + b"\t\n\r"


class Piece(NamedTuple):
    """What decoded bytes from `at` on came from: `[start, end)` byte by byte if `exact`, else as a whole."""

    at: int
    start: int
    end: int
    exact: bool


class Run(NamedTuple):
    """An encoded run `[start, end)` of a blob; its pieces, which few runs are asked for, count their `at` from 0."""

    start: int
    end: int
    content: bytes
    pieces: Callable[[], Sequence[Piece]]


class Encoding(NamedTuple):
    """How one kind of run is undone, once a trigger says that one may be there."""

    name: str
    run: Callable[[bytes, int, int, int], Run | None]


# --- base64 and hex: one alphabet, decoded as a whole --------------------------------------------------------------

_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]+")
_PADDING = re.compile(rb"={0,2}")
_NEXT_LINE = re.compile(rb"(?:\r?\n|(?:\\r)?\\n)[ \t]*([A-Za-z0-9+/_-]+)(={0,2})(?![^\s\"'\\,])")
_HEAD = 1024  # characters that show whether a run is text
_SHORTEST_LINE = 40  # characters: shorter lines of base64 are not broken ones
_URL_SAFE = bytes.maketrans(b"-_", b"+/")

_HEX = re.compile(rb"[0-9A-Fa-f]+")


def _base64(content: bytes, first: int, stop: int, floor: int) -> Run | None:
    start = _run_start(_BASE64, content, first, floor)
    found = _BASE64.search(content, start, start + LONGEST)
    if not found or found.start() >= stop:
        return None
    start, end = found.span()
    if start < stop <= end + len("=="):  # the trigger tells how the groups lie; what is before may be a path or a name
        start += (stop - start) % 4
    if not _whole(start, end, _from_base64(content[start : min(end, start + _HEAD)])).content:
        return Run(start, end, b"", tuple)  # an image, say
    lines, end = _lines(content, start, end)
    return _whole(start, end, _from_base64(b"".join(lines)))


def _from_base64(encoded: bytes) -> bytes:
    """Decode either alphabet, padding missing; a last character that stands for no byte is left out."""
    encoded = encoded.translate(_URL_SAFE)[: -1 if len(encoded) % 4 == 1 else None]
    return binascii.a2b_base64(encoded + b"=" * (-len(encoded) % 4))


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
    return Run(start, end, text if readable else b"", lambda: [Piece(0, start, end, exact=False)])


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
    """Return whether decoded bytes are text: ASCII but for a few, or UTF-8."""
    strange = text.translate(None, _READABLE)
    if len(strange) <= (1 - MOSTLY) * len(text):
        return True
    try:
        decoded = text.decode()
    except UnicodeDecodeError:
        return False
    return sum(map(str.isprintable, decoded)) + decoded.count("\n") >= MOSTLY * len(decoded)


# --- percent-encoding and escapes: most characters stand for themselves --------------------------------------------

_PERCENT = re.compile(rb"%([0-9A-Fa-f]{2})")
_PERCENT_RUN = re.compile(rb"[^\s\"'`<>]+")
# In a URL as it stands what is encoded is no delimiter. Source: RFC 3986, section 2.2, gen-delims.
_PERCENT_IN_URL = re.compile(rb"%(?!3A|2F|3F|23|5B|5D|40|25)([0-9A-F]{2})", re.IGNORECASE)


def _percent(content: bytes, first: int, stop: int, floor: int) -> Run | None:
    start = _run_start(_PERCENT_RUN, content, first, max(floor, first - REACH))
    found = _PERCENT_RUN.search(content, start, stop + REACH)
    if not found or found.start() >= stop:
        return None
    pattern = _PERCENT_IN_URL if b"://" in found.group() else _PERCENT
    return _substituted(content, *found.span(), pattern, _unquoted_byte)


def _unquoted_byte(match: re.Match[bytes]) -> bytes:
    return bytes.fromhex(match[1].decode("ascii"))


def _escaped(content: bytes, first: int, stop: int, floor: int) -> Run | None:
    floor = max(floor, first - REACH)
    start = content.rfind(b"\n", floor, first) + 1 or floor
    end = content.find(b"\n", stop, stop + REACH)
    end = end if end >= 0 else min(len(content), stop + REACH)
    text = content[start:end]
    decoded = (_unescaped if len(text) <= _SHORT else _unescaped.__wrapped__)(text)
    return Run(start, end, decoded, lambda: _substitutions(content, start, end, ESCAPE, unescaped))


@lru_cache(maxsize=2048)  # versions of a file repeat their lines
def _unescaped(text: bytes) -> bytes:
    """Return *text* with its escapes undone; empty if it has none."""
    decoded, count = undone(text)
    return decoded if count else b""


def _substituted(
    content: bytes, start: int, end: int, pattern: re.Pattern[bytes], replace: Callable[[re.Match[bytes]], bytes]
) -> Run:
    text = content[start:end]
    decoded = (_undone if len(text) <= _SHORT else _undone.__wrapped__)(text, pattern, replace)
    return Run(start, end, decoded, lambda: _substitutions(content, start, end, pattern, replace))


def forget() -> None:
    """Forget the texts that were decoded."""
    _undone.cache_clear()
    _unescaped.cache_clear()


@lru_cache(maxsize=2048)  # versions of a file repeat their lines
def _undone(text: bytes, pattern: re.Pattern[bytes], replace: Callable[[re.Match[bytes]], bytes]) -> bytes:
    """Replace what *pattern* matches; empty where that is nothing."""
    decoded, count = pattern.subn(replace, text)
    return decoded if count else b""


def _substitutions(
    content: bytes, start: int, end: int, pattern: re.Pattern[bytes], replace: Callable[[re.Match[bytes]], bytes]
) -> list[Piece]:
    """Tell where everything came from that `_substituted` gave."""
    pieces: list[Piece] = []
    size, at = 0, start
    for match in pattern.finditer(content, start, end):
        middle, end_of_it = match.span()
        pieces.append(Piece(size, at, middle, exact=True))
        size += middle - at
        pieces.append(Piece(size, middle, end_of_it, exact=False))
        size += len(replace(match))
        at = end_of_it
    return [*pieces, Piece(size, at, end, exact=True)]


# --- manifests of Kubernetes secrets: values of any length are base64, and their keys tell what they are ----------

_MANIFEST_REACH = 65536
_QUOTES = (b'"', b"'", b"`")
_DOCUMENT_END = re.compile(rb"^---|^\.\.\.|^[ \t]*- apiVersion:", re.MULTILINE)
_ENTRY = re.compile(
    rb"""["']?([A-Za-z0-9._-]{1,253})["']?[ \t]{0,8}:[ \t]{0,8}"""
    rb"""["']?([^\s"'#,{}|>&*!%@`\[\]][^\s"',{}]{3,})["']?[ \t]*(?=[\r\n,}]|\Z)"""
)
_STRING_DATA = re.compile(rb"^([ \t]*)[\"']?stringData[\"']?[ \t]*:[ \t]*\r?\n", re.MULTILINE)
_TELLING = re.compile(rb"pass|pwd|secret|token|key|auth|cred", re.IGNORECASE)


def _plain_part(content: bytes, start: int, end: int) -> tuple[int, int]:
    """Return where a manifest's values are not encoded: below `stringData`, to the next line that is indented less."""
    begin = _STRING_DATA.search(content, start, end)
    if begin is None:
        return end, end
    less = re.compile(rb"^[ \t]{0,%d}[^\s#]" % len(begin[1]), re.MULTILINE)
    stop = less.search(content, begin.end(), end)
    return begin.end(), stop.start() if stop else end


def _manifest(content: bytes, first: int, stop: int, floor: int) -> Run | None:
    """Read a manifest as assignments, `key = "decoded value"`, for the rules that judge by a name."""
    begin = max(floor, first - _MANIFEST_REACH)
    start = max((each.end() for each in _DOCUMENT_END.finditer(content, begin, first)), default=begin)
    following = _DOCUMENT_END.search(content, stop, stop + _MANIFEST_REACH)
    end = following.start() if following else min(len(content), stop + _MANIFEST_REACH)
    chunks: list[bytes] = []
    pieces: list[Piece] = []
    size = 0
    plain = _plain_part(content, start, end)
    for entry in _ENTRY.finditer(content, start, end):
        value = entry[2] if plain[0] <= entry.start() < plain[1] else _unbase64(entry[2])
        if not value or not _is_readable(value):
            continue
        quote = next((each for each in _QUOTES if each not in value and b"\n" not in value), b"")
        for text, span, exact in (
            *([] if _TELLING.search(entry[1]) else [(b"secret-", entry.span(1), False)]),
            (entry[1], entry.span(1), True),
            (b" = " + quote, entry.span(2), False),
            (value, entry.span(2), False),
            (quote + b"\n", entry.span(2), False),
        ):
            pieces.append(Piece(size, *span, exact=exact))
            chunks.append(text)
            size += len(text)
    return Run(start, end, b"".join(chunks), lambda: pieces)


# --- a secret by itself, where its rule says how it is encoded -----------------------------------------------------


def _unquoted(secret: bytes) -> bytes:
    return _PERCENT.sub(_unquoted_byte, secret)


def _unbase64(secret: bytes) -> bytes:
    body = secret.rstrip(b"=").translate(_URL_SAFE, b" \t\r\n")
    try:
        return binascii.a2b_base64(body + b"=" * (-len(body) % 4), strict_mode=True)
    except binascii.Error:
        return b""


SECRETS: dict[str, Callable[[bytes], bytes]] = {
    "base64": _unbase64,
    "escapes": lambda secret: undone(secret)[0],
    "percent": _unquoted,
}
"""What undoes the encoding that a rule names; empty when the secret is not encoded so."""

ENCODINGS = (
    Encoding("base64", _base64),
    Encoding("hex", _hex),
    Encoding("percent-encoding", _percent),
    Encoding("escaped text", _escaped),
    Encoding("a Kubernetes secret", _manifest),
)
"""What is decoded, cheapest to tell first."""
