"""Hyperscan's databases of what the rules are looked for by: compiled once, kept in a file, restored in milliseconds.

Compiling takes seconds, loading a serialised database a few milliseconds. What belongs to the databases is kept with
them: loading them needs no rule.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any, NamedTuple, Protocol, Self
from zlib import crc32

from picket.detection.caching import Folder, read_below, write_atomically
from picket.detection.model import Rule
from picket.detection.syntax import earliest, longest, spelled_out
from picket.detection.vicinity import GAP

REACH = 511
"""Bytes that a match of an expression of `Databases.near` has at most."""

OnMatch = Callable[[int, int, int, int, object], None]


class Database(Protocol):
    """What is used of `hyperscan.Database`, a C type."""

    scratch: object

    def compile(self, **options: object) -> None:
        """Compile expressions."""

    def scan(self, data: bytes, *, match_event_handler: OnMatch) -> object:
        """Tell the handler of each match."""


class _Key(NamedTuple):
    """An expression, how far before its end a match starts, and whether it is a word that a value has to follow."""

    expression: str
    lookback: int
    is_word: bool


class Layout(NamedTuple):
    """What belongs to the databases: by an expression's number what `_Key` has, and the rules it serves, by index.

    `unheld` and `patternless` are rules without an expression.
    """

    lookbacks: Sequence[int]
    is_word: Sequence[bool]
    rules: Sequence[Sequence[int]]
    unheld: Sequence[int]
    patternless: Sequence[int]


class Databases(NamedTuple):
    """Two databases that share one numbering.

    `near` has the expressions whose matches are at most `REACH` bytes long, so that a match says something about the
    bytes right before its end and no others; `wide` the rest, which only a team's own rules have. Either is None where
    there are none: Hyperscan cannot make an empty one. `compiled` says whether they had to be compiled.
    """

    near: Database | None
    wide: Database | None
    layout: Layout
    compiled: bool = False

    @classmethod
    def load(
        cls, rules: Sequence[Rule], digest: str, cache_dir: Folder | None, extra: Sequence[tuple[str, int]]
    ) -> Self:
        """Restore what is kept for these rules, or compile and keep it. Arguments as `Prefilter` has them."""
        import hyperscan  # noqa: PLC0415 - 29 ms that only a scan needs

        path = _cache_path(hyperscan, digest, cache_dir, extra) if cache_dir else None
        stored = read_below(path, _HEADER_LINES) if path else (b"", b"")
        return cls._restored(hyperscan, *stored) or cls._compiled(hyperscan, rules, extra, path)

    @classmethod
    def _restored(cls, hyperscan: ModuleType, head: bytes, body: bytes) -> Self | None:
        header = _header(head)
        if header.get("crc32") != crc32(body):
            return None
        size = header["near"]
        try:
            near, wide = _loaded(hyperscan, body[:size]), _loaded(hyperscan, body[size:])
        except hyperscan.error:  # written by a build of Hyperscan that this one does not read
            return None
        return cls(near, wide, Layout(*header["layout"]))

    @classmethod
    def _compiled(
        cls, hyperscan: ModuleType, rules: Sequence[Rule], extra: Sequence[tuple[str, int]], path: str | None
    ) -> Self:
        groups = _grouped(rules, extra)
        expressions = list(groups)
        held = _held(hyperscan, expressions)
        unheld = sorted(index for each in set(expressions).difference(held) for index in groups[each])
        numbers = range(len(held))
        far = [number for number in numbers if longest(spelled_out(held[number].expression)) > REACH]
        near = _database(hyperscan, held, sorted(set(numbers).difference(far)))
        wide = _database(hyperscan, held, far)
        layout = Layout(
            [each.lookback for each in held],
            [each.is_word for each in held],
            [groups[each] for each in held],
            unheld,
            [index for index, rule in enumerate(rules) if not rule.pattern],
        )
        if path and (near or wide):
            body = [hyperscan.dumpb(each) if each else b"" for each in (near, wide)]
            header = {"crc32": crc32(b"".join(body)), "near": len(body[0]), "layout": layout}
            write_atomically(path, _MAGIC + json.dumps(header).encode() + b"\n" + b"".join(body))
        return cls(near, wide, layout, compiled=True)


_MAGIC = b"picket prefilter 5\n"
_HEADER_LINES = 2


def _cache_path(hyperscan: ModuleType, digest: str, cache_dir: Folder, extra: Sequence[tuple[str, int]]) -> str:
    """Name the file by rules, Hyperscan version and CPU; the last two are what a trivial database is made for."""
    trivial = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    trivial.compile(expressions=[b"a"], ids=[0], elements=1, flags=0)
    platform = hashlib.sha256(trivial.info() + hyperscan.__version__.encode() + repr(extra).encode()).hexdigest()[:12]
    return os.path.join(cache_dir, f"rules-{digest[:24]}-{platform}.hsdb")


def _loaded(hyperscan: ModuleType, body: bytes) -> Database | None:
    if not body:
        return None
    database: Database = hyperscan.loadb(body, mode=hyperscan.HS_MODE_BLOCK)
    database.scratch = hyperscan.Scratch(database)
    return database


def _grouped(rules: Sequence[Rule], extra: Sequence[tuple[str, int]]) -> dict[_Key, list[int]]:
    """Group the rules by what Hyperscan is to look for on their behalf: many share the word they are known by."""
    groups: dict[_Key, list[int]] = {}
    for index, key in enumerate(
        [*map(_key, rules), *(_Key(expression, lookback, is_word=False) for expression, lookback in extra)]
    ):
        if key.expression:
            groups.setdefault(key, []).append(index)
    return groups


def _key(rule: Rule) -> _Key:
    is_word = bool(rule.prefilter) and rule.pattern.startswith(rule.prefilter + GAP)
    expression = rule.prefilter or earliest(rule.pattern)
    lookback = rule.lookback or rule.reach
    if not rule.prefilter and not rule.lookback and expression:  # a match starts where that of the expression does
        lookback = int(min(lookback, longest(expression)))
    return _Key(expression, lookback, is_word)


def _held(hyperscan: ModuleType, expressions: Sequence[_Key]) -> list[_Key]:
    """Return the expressions that Hyperscan can hold; it does not say which it cannot."""
    try:
        _database(hyperscan, expressions, range(len(expressions)))
    except hyperscan.error:
        return [each for each in expressions if _holds(hyperscan, each)]
    return list(expressions)


def _holds(hyperscan: ModuleType, expression: _Key) -> bool:
    try:
        _database(hyperscan, [expression], [0])
    except hyperscan.error:
        return False
    return True


def _database(hyperscan: ModuleType, expressions: Sequence[_Key], numbers: Sequence[int]) -> Database | None:
    """Compile those of *expressions* that have one of *numbers*; None for none."""
    if not numbers:
        return None
    database: Database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(
        expressions=[spelled_out(expressions[number].expression).encode() for number in numbers],
        ids=list(numbers),
        elements=len(numbers),
        flags=[0] * len(numbers),
    )
    return database


def _header(head: bytes) -> dict[str, Any]:
    """Read the lines before a stored database; empty when it is not one."""
    if not head.startswith(_MAGIC):
        return {}
    try:
        header = json.loads(head[len(_MAGIC) :])
    except ValueError:
        return {}
    return header if isinstance(header, dict) else {}
