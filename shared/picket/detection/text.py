"""Bytes as text: encodings, offsets, lines and columns."""

from __future__ import annotations

from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE, BOM_UTF32_BE, BOM_UTF32_LE
from collections.abc import Iterable

BINARY_WINDOW = 8192
"""Bytes looked at for a NUL. Source: git's `buffer_is_binary` looks at the first 8,000."""

_MARKS = (
    (BOM_UTF32_LE, "utf-32-le"),
    (BOM_UTF32_BE, "utf-32-be"),
    (BOM_UTF16_LE, "utf-16-le"),
    (BOM_UTF16_BE, "utf-16-be"),
)
_FIRST_OF_MARKS = {mark[:2] for mark, _ in _MARKS}
_SAMPLE, _SHORTEST = 64, 4  # bytes; characters


def wide_codec(content: bytes) -> str:
    """Name the codec of text in UTF-16 or UTF-32; empty when *content* is neither.

    A byte order mark tells; without one, UTF-16 of which every other byte near the start is a NUL, as in ASCII.
    """
    if b"\0" not in content[:2] and content[:2] not in _FIRST_OF_MARKS:
        return ""
    for mark, codec in _MARKS:  # UTF-32's first: its little-endian mark begins with that of UTF-16
        if content.startswith(mark):
            return codec
    even, odd = content[:_SAMPLE:2], content[1:_SAMPLE:2]
    if len(odd) < _SHORTEST:
        return ""
    if b"\0" not in even and not odd.strip(b"\0"):
        return "utf-16-le"
    return "utf-16-be" if b"\0" not in odd and not even.strip(b"\0") else ""


def is_binary(content: bytes) -> bool:
    """Return whether *content* is not text: a NUL near its start, and no sign of a wide encoding."""
    return b"\0" in content[:BINARY_WINDOW] and not wide_codec(content)


def as_utf8(content: bytes) -> bytes:
    """Return text in UTF-16 or UTF-32 as UTF-8, its mark included, anything else as it is."""
    codec = wide_codec(content)
    return content.decode(codec, "replace").encode("utf-8", "replace") if codec else content


def source_offsets(content: bytes, utf8: bytes, offsets: Iterable[int]) -> dict[int, int]:
    """Map offsets into `as_utf8(content)` back to the bytes of *content* they came from, in one pass."""
    codec = wide_codec(content)
    if not codec:
        return {offset: offset for offset in offsets}
    at = size = 0
    found = {}
    for offset in sorted(set(offsets)):
        size += len(utf8[at:offset].decode("utf-8", "replace").encode(codec, "replace"))
        at = offset
        found[offset] = min(len(content), size)
    return found


def position(content: bytes, offset: int) -> tuple[int, int]:
    """Find where a byte offset is for a reader; costs a pass over what is before it, so ask only when needed.

    Args:
        content: The whole blob.
        offset: Byte offset into it, clamped to its length.

    Returns:
        Line and column, both from 1. Lines end at newlines; columns are characters, after decoding that replaces
        what is invalid.
    """
    return positions(content, (offset,))[offset]


def positions(content: bytes, offsets: Iterable[int]) -> dict[int, tuple[int, int]]:
    """Find where many byte offsets are, in one pass over the content; see `position`.

    Only the last line before an offset is decoded: newlines are counted in bytes, ten times as fast.
    """
    codec = wide_codec(content) or "utf-8"
    newline = "\n".encode(codec)
    marks = (*_MARKS, (BOM_UTF8, "utf-8"))
    mark = next((mark for mark, marked in marks if codec == marked and content.startswith(mark)), b"")
    at, line, column = len(mark), 1, 1  # a byte order mark takes no column
    found = {}
    for offset in sorted(set(offsets)):
        stop = max(at, min(offset, len(content)))
        if len(newline) > 1:
            text = content[at:stop].decode(codec, "replace")
            lines, rest = text.count("\n"), text.rpartition("\n")[2]
        else:
            lines = content.count(b"\n", at, stop)
            rest = content[content.rfind(b"\n", at, stop) + 1 if lines else at : stop].decode("utf-8", "replace")
        column = len(rest) + (1 if lines else column)
        at, line = stop, line + lines
        found[offset] = (line, column)
    return found
