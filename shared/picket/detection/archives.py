"""What is inside archives: zip in all its guises (jar, whl, nupkg, apk …), tar, and what gzip, bzip2 or xz packed.

Recognised by content, not by name. Nothing is written to disk, and what an archive claims is not believed: depth,
bytes, number of members and growth are bounded, and damage is told as a `Problem`, never raised.
"""

from __future__ import annotations

import bz2
import lzma
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import Protocol

MOST_MEMBERS = 20_000
"""Members of one outermost archive, those of archives inside it included."""
MOST_GROWTH = 300
"""How many times its packed size a member may have: text packs to a twentieth, logs to a hundredth, bombs to less."""
ALWAYS_ALLOWED = 1 << 20
"""Bytes that a member may grow to whatever its packed size."""
LONGEST_NAME = 1024  # characters
_STEP = 1 << 16  # bytes given to a decompressor at a time
_MOST_STREAMS = 1000  # gzip members and the like, one after another: tools that append make a few
_XZ_MEMORY = 1 << 27  # bytes; xz -9 wants 65 MB
_BLOCK = 512  # bytes: POSIX.1-1988, ustar
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_PAX_PATH = re.compile(rb"(?:\A|\n)\d+ path=([^\n]+)")
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    OSError,
    EOFError,
    ValueError,
    RuntimeError,
    LookupError,
    OverflowError,
    MemoryError,
)


@dataclass(frozen=True, slots=True)
class Member:
    """A file in an archive; its path is that of the archive, an exclamation mark, and its name inside."""

    path: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Problem:
    """What could not be read of an archive, and why."""

    path: str
    reason: str


class _Decompressor(Protocol):
    """What `bz2` and `lzma` offer; zlib's is wrapped to it."""

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    @property
    def needs_input(self) -> bool: ...

    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


class _Gzip:
    def __init__(self) -> None:
        self._inner = zlib.decompressobj(wbits=31)

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    @property
    def needs_input(self) -> bool:
        return not self._inner.unconsumed_tail

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        return self._inner.decompress(self._inner.unconsumed_tail + data, max_length)


_PACKINGS: dict[bytes, tuple[Callable[[], _Decompressor], str]] = {
    b"\x1f\x8b\x08": (_Gzip, ".gz"),
    b"BZh": (bz2.BZ2Decompressor, ".bz2"),
    b"\xfd7zXZ\x00": (lambda: lzma.LZMADecompressor(memlimit=_XZ_MEMORY), ".xz"),
}
_TARRED = {".tgz", ".tbz", ".tbz2", ".txz"}


@dataclass
class _Budget:
    """What the whole outermost archive may still yield."""

    size: int
    count: int = field(default_factory=lambda: MOST_MEMBERS)

    def allows(self, packed: int) -> int:
        """Return how large a member may be that takes *packed* bytes in its archive."""
        return min(self.size, max(ALWAYS_ALLOWED, packed * MOST_GROWTH))


def is_archive(content: bytes) -> bool:
    """Return whether `members` can look into *content*."""
    return _is_zip(content) or _is_tar(content) or _packing(content) is not None


def members(content: bytes, path: str, *, depth: int = 2, max_bytes: int) -> Iterator[Member | Problem]:
    """Yield the files in an archive, and in archives inside it.

    Args:
        content: The archive; for anything else nothing is yielded.
        path: What to call it.
        depth: How many archives, one inside the other, are opened; a packed tar counts as one.
        max_bytes: Bytes of all members together.

    Yields:
        Members in the archive's order, and what could not be read.
    """
    yield from _opened(content, path, depth, _Budget(max_bytes))


def _opened(content: bytes, path: str, depth: int, budget: _Budget) -> Iterator[Member | Problem]:
    if _is_zip(content):
        found = _zipped(content, path, budget)
    elif _is_tar(content):
        found = _tarred(content, path, budget)
    elif _packing(content):
        found = _packed(content, path, budget)
    else:
        return
    for each in found:
        if isinstance(each, Problem) or not is_archive(each.content):
            yield each
        elif depth > 1:
            yield from _opened(each.content, each.path, depth - 1, budget)
        else:
            yield Problem(each.path, "an archive in an archive, too deep to be opened")


def _is_zip(content: bytes) -> bool:
    return content.startswith((b"PK\x03\x04", b"PK\x05\x06"))


def _zipped(content: bytes, path: str, budget: _Budget) -> Iterator[Member | Problem]:
    if content.count(b"PK\x01\x02") > MOST_MEMBERS:  # each is an object in memory before the first can be read
        yield Problem(path, f"more than {MOST_MEMBERS} members")
        return
    try:
        archive = zipfile.ZipFile(BytesIO(content))
    except _DAMAGE:
        yield Problem(path, "a damaged zip archive")
        return
    for info in archive.infolist():
        if info.is_dir():
            continue
        name = _joined(path, info.filename)
        limit = budget.allows(info.compress_size)
        if info.file_size > limit:  # more than it claims is not unpacked
            budget.count -= 1
            yield Problem(name, f"larger than {limit} bytes when unpacked")
            continue
        try:
            unpacked = _unzipped(archive, info, limit)
        except _DAMAGE:
            unpacked = None
        problem = "damaged, encrypted, or packed in an unusual way" if unpacked is None else ""
        yield from _within(name, unpacked or b"", limit, problem, budget)
        if budget.count <= 0 or budget.size <= 0:
            yield Problem(path, "more members or bytes than the limit")
            return


def _unzipped(archive: zipfile.ZipFile, info: zipfile.ZipInfo, most: int) -> bytes | None:
    """Read at most *most* bytes of a member; LZMA's is not read: its header says how much memory it takes."""
    if info.flag_bits & 1 or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2):
        return None
    with archive.open(info) as file:
        return file.read(most)


def _within(name: str, content: bytes, limit: int, problem: str, budget: _Budget) -> Iterator[Member | Problem]:
    """Yield a member unless it is too large, and take it off the budget."""
    budget.count -= 1
    budget.size -= min(len(content), limit)
    if not problem and len(content) > limit:
        problem = f"larger than {limit} bytes when unpacked"
    yield Problem(name, problem) if problem else Member(name, content)


def _is_tar(content: bytes) -> bool:
    return content[257:262] == b"ustar" and _tar_number(content[148:156]) == _tar_checksum(content[:_BLOCK])


def _tar_checksum(header: bytes) -> int:
    return sum(header) - sum(header[148:156]) + 8 * ord(" ")


def _tar_number(digits: bytes) -> int:
    """Read octal digits, or GNU's base 256; -1 when it is neither."""
    if digits[:1] >= b"\x80":
        return int.from_bytes(digits[1:], "big")
    text = digits.strip(b" \0")
    return int(text, 8) if re.fullmatch(rb"[0-7]+", text) else 0 if not text else -1


def _tarred(content: bytes, path: str, budget: _Budget) -> Iterator[Member | Problem]:
    at, long_name = 0, b""
    while len(header := content[at : at + _BLOCK]) == _BLOCK and header.strip(b"\0"):
        size = _tar_number(header[124:136])
        if size < 0 or _tar_number(header[148:156]) != _tar_checksum(header):
            yield Problem(path, "a damaged tar archive")
            return
        start, kind = at + _BLOCK, header[156:157]
        body = content[start : start + min(size, budget.size + 1)]
        at = start + -(-size // _BLOCK) * _BLOCK
        if kind in (b"L", b"x"):  # the name of the next member, in GNU's and in POSIX's way
            pax = _PAX_PATH.search(body[: 4 * LONGEST_NAME])
            long_name = body[:LONGEST_NAME].rstrip(b"\0") if kind == b"L" else pax[1] if pax else b""
        elif kind in (b"0", b"\0", b"7"):
            name = long_name or b"/".join(part for part in (_text(header[345:500]), _text(header[:100])) if part)
            problem = "" if start + size <= len(content) else "cut off"
            yield from _within(_joined(path, name.decode("utf-8", "replace")), body, budget.size, problem, budget)
            long_name = b""
        budget.count -= kind not in (b"0", b"\0", b"7")
        if budget.count <= 0 or budget.size <= 0:
            yield Problem(path, "more members or bytes than the limit")
            return


def _text(field_of_header: bytes) -> bytes:
    return field_of_header.partition(b"\0")[0]


def _packing(content: bytes) -> tuple[Callable[[], _Decompressor], str] | None:
    return next((packing for magic, packing in _PACKINGS.items() if content.startswith(magic)), None)


def _packed(content: bytes, path: str, budget: _Budget) -> Iterator[Member | Problem]:
    packing = _packing(content)
    assert packing  # noqa: S101 - `_opened` has looked
    make, suffix = packing
    limit = budget.allows(len(content))
    try:
        unpacked = _decompressed(content, make, limit + 1)
    except _DAMAGE:
        yield Problem(path, f"damaged {suffix[1:]} data")
        return
    if _is_tar(unpacked):
        if len(unpacked) > limit:
            yield Problem(path, f"larger than {limit} bytes when unpacked; only the beginning is read")
        yield from _tarred(unpacked[:limit], path, budget)
        return
    name = path.rpartition("/")[2]
    inner = name[: -len(suffix)] if name.lower().endswith(suffix) else name
    yield from _within(_joined(path, inner), unpacked, limit, "", budget)


def _decompressed(content: bytes, make: Callable[[], _Decompressor], most: int) -> bytes:
    """Unpack at most *most* bytes of one stream or several, one after another."""
    chunks: list[bytes] = []
    size = at = 0
    for _ in range(_MOST_STREAMS):
        stream = make()
        while not stream.eof and size < most:
            data = content[at : at + _STEP] if stream.needs_input else b""
            at += len(data)
            if not data and stream.needs_input:
                return b"".join(chunks)  # cut off: what there is may be all that was committed
            chunks.append(stream.decompress(data, most - size))
            size += len(chunks[-1])
        at -= len(stream.unused_data)
        if size >= most or _packing(content[at : at + 8]) is None:
            break
    return b"".join(chunks)


def _joined(path: str, name: str) -> str:
    """Name a member. What a name could do to a terminal, a line or a file system is not done by any name here."""
    return f"{path}!{_UNPRINTABLE.sub('?', name[:LONGEST_NAME])}"
