"""Bytes as text: encodings, offsets, lines and columns."""

from __future__ import annotations

from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterable

BINARY_WINDOW = 8192
"""Bytes looked at for a NUL. Source: git's `buffer_is_binary` looks at the first 8,000."""


def utf16_codec(content: bytes) -> str:
    """Name the UTF-16 codec that the byte order mark of *content* asks for; empty when it has none."""
    if content.startswith(BOM_UTF16_LE):
        return "utf-16-le"
    return "utf-16-be" if content.startswith(BOM_UTF16_BE) else ""


def is_binary(content: bytes) -> bool:
    """Tell whether *content* is not text: a NUL near its start, and no mark saying that it is UTF-16."""
    return b"\0" in content[:BINARY_WINDOW] and not utf16_codec(content)


def as_utf8(content: bytes) -> bytes:
    """Return UTF-16 text (marked as such) as UTF-8 with its mark, anything else as it is."""
    codec = utf16_codec(content)
    return content.decode(codec, "replace").encode("utf-8", "replace") if codec else content


def source_offset(content: bytes, utf8: bytes, offset: int) -> int:
    """Map an offset into `as_utf8(content)` back to the byte of *content* it came from."""
    codec = utf16_codec(content)
    if not codec:
        return offset
    return min(len(content), len(utf8[:offset].decode("utf-8", "replace").encode(codec, "replace")))


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
    """Find where many byte offsets are, in one pass over the content; see `position`."""
    codec = utf16_codec(content)
    at, line, column = (len(BOM_UTF16_LE) if codec else 0), 1, 1  # a byte order mark takes no column
    found = {}
    for offset in sorted(set(offsets)):
        stop = max(at, min(offset, len(content)))
        text = content[at:stop].decode(codec or "utf-8", "replace")
        lines = text.count("\n")
        column = len(text) - text.rfind("\n") if lines else column + len(text)
        at, line = stop, line + lines
        found[offset] = (line, column)
    return found
