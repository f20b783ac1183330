"""One Hyperscan database of all rules: finds in a single pass where a rule's exact pattern is worth trying.

A contextual rule is looked for by its word alone, so that Hyperscan holds nothing but literals for it; where the word
stands, one search shared by all such rules tells whether something like a value follows it.

Compiling takes seconds, loading a serialised database a few milliseconds, and importing the binding alone 29 ms: all
of it waits for the first scan. What belongs to the database is kept with it: loading it needs no rule.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Lock
from types import ModuleType
from typing import Any, NamedTuple, Protocol
from zlib import crc32

from picket.detection.caching import read, write_atomically
from picket.detection.model import Rule
from picket.detection.syntax import earliest, spelled_out
from picket.detection.vicinity import GAP, NEAR, Spans, near_values

Windows = dict[int, Spans]
"""For each rule's index the places where a match may start: disjoint `[first, stop)` offsets in bytes."""


class _Database(Protocol):
    """What is used of `hyperscan.Database`, a C type."""

    scratch: object

    def compile(self, **options: object) -> None: ...

    def scan(self, data: bytes, *, match_event_handler: Callable[[int, int, int, int, object], None]) -> object: ...


class _Empty:
    """The database of rules none of which Hyperscan holds: it cannot make an empty one."""

    scratch: object = None

    def compile(self, **options: object) -> None:
        """Hold nothing."""

    def scan(self, data: bytes, *, match_event_handler: Callable[[int, int, int, int, object], None]) -> object:
        """Match nothing."""


_Key = tuple[str, int, int]
"""An expression, how far before its end a match starts, and the gap over which occurrences are joined.

The gap is `NEAR` if a value has to follow the expression, else 0.
"""


class _Layout(NamedTuple):
    """What belongs to a database: by the number of an expression lookback and gap, and the rules it serves, by index.

    `unheld` and `patternless` are rules without an expression.
    """

    reaches: Sequence[tuple[int, int]]
    rules: Sequence[Sequence[int]]
    unheld: Sequence[int]
    patternless: Sequence[int]


_MAGIC = b"picket prefilter 3\n"


class Prefilter:
    """Where rules may match. One instance may be used by several threads; they take turns.

    `extra` are expressions that belong to no rule, each with its lookback; their indices follow those of the rules.
    Known after the first scan: `unheld`, the rules (by index) that Hyperscan cannot hold and that have to be tried
    everywhere; `patternless`, those about paths alone; `compiled`, whether this instance had to compile.
    """

    def __init__(
        self,
        rules: Sequence[Rule],
        digest: str,
        cache_dir: Path | None = None,
        extra: Sequence[tuple[str, int]] = (),
    ) -> None:
        self._rules = rules
        self._extra = extra
        self._digest = digest
        self._cache_dir = cache_dir
        self._database: _Database | None = None
        self._lock = Lock()
        self._layout = _Layout((), (), (), ())
        self.compiled = False

    @property
    def unheld(self) -> tuple[int, ...]:
        """Rules that have to be tried everywhere."""
        return tuple(self._layout.unheld)

    @property
    def patternless(self) -> tuple[int, ...]:
        """Rules about paths alone."""
        return tuple(self._layout.patternless)

    def windows(self, content: bytes) -> Windows:
        """Find where each rule's pattern may match.

        Overlapping windows of a rule are merged, so that trying them all reads no byte twice. Rules may share a list
        of windows: it is to be read only.
        """
        found: dict[int, Spans] = {}
        with self._lock:
            database = self._database or self._load()
            reaches = self._layout.reaches

            def on_match(number: int, _start: int, end: int, _flags: int, _context: object) -> None:
                lookback, gap = reaches[number]
                first = end - lookback if end > lookback else 0
                known = found.get(number)
                if known is None:
                    found[number] = [[first, end]]
                elif known[-1][1] + gap >= first:
                    last = known[-1]
                    last[0], last[1] = min(last[0], first), max(last[1], end)
                else:
                    known.append([first, end])

            database.scan(content, match_event_handler=on_match)
        words = {number: spans for number, spans in found.items() if reaches[number][1]}
        if words:
            lookbacks = {number: reaches[number][0] for number in words}
            found = {number: spans for number, spans in found.items() if number not in words}
            found |= near_values(content, words, lookbacks)
        rules = self._layout.rules
        windows = {index: spans for number, spans in found.items() for index in rules[number]}
        return windows | {index: [[0, len(content)]] for index in self._layout.unheld}

    def _load(self) -> _Database:
        import hyperscan  # noqa: PLC0415 - 29 ms that only a scan needs

        path = self._cache_path(hyperscan)
        stored = read(path) if path else b""
        database = self._restore(hyperscan, stored) if stored else None
        if database is None:
            database = self._compile(hyperscan)
            if path and not isinstance(database, _Empty):
                self._store(hyperscan, database, path)
        self._database = database
        return database

    def _cache_path(self, hyperscan: ModuleType) -> Path | None:
        """Name the file by rules, Hyperscan version and CPU; the last two are what a trivial database is made for."""
        if self._cache_dir is None:
            return None
        trivial = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
        trivial.compile(expressions=[b"a"], ids=[0], elements=1, flags=0)
        platform = hashlib.sha256(
            trivial.info() + hyperscan.__version__.encode() + repr(self._extra).encode()
        ).hexdigest()[:12]
        return self._cache_dir / f"rules-{self._digest[:24]}-{platform}.hsdb"

    def _restore(self, hyperscan: ModuleType, stored: bytes) -> _Database | None:
        header, body = _split(stored)
        if header.get("crc32") != crc32(body):
            return None
        try:
            database: _Database = hyperscan.loadb(body, mode=hyperscan.HS_MODE_BLOCK)
        except hyperscan.error:  # written by a build of Hyperscan that this one does not read
            return None
        database.scratch = hyperscan.Scratch(database)
        self._layout = _Layout(*header["layout"])
        return database

    def _compile(self, hyperscan: ModuleType) -> _Database:
        rules = self._grouped()
        expressions, unheld = list(rules), []
        try:
            database = _compiled(hyperscan, expressions)
        except hyperscan.error:  # it does not say which expression it cannot hold
            held = [each for each in expressions if _holds(hyperscan, each)]
            unheld = sorted(index for each in set(expressions).difference(held) for index in rules[each])
            expressions = held
            database = _compiled(hyperscan, held)
        patternless = [index for index, rule in enumerate(self._rules) if not rule.pattern]
        reaches = [(lookback, gap) for _, lookback, gap in expressions]
        self._layout = _Layout(reaches, [rules[each] for each in expressions], unheld, patternless)
        self.compiled = True
        return database

    def _grouped(self) -> dict[_Key, list[int]]:
        """Group the rules by what Hyperscan is to look for on their behalf: many share the word they are known by."""
        groups: dict[_Key, list[int]] = {}
        keys = [*map(_key, self._rules), *((expression, lookback, 0) for expression, lookback in self._extra)]
        for index, key in enumerate(keys):
            if key[0]:
                groups.setdefault(key, []).append(index)
        return groups

    def _store(self, hyperscan: ModuleType, database: _Database, path: Path) -> None:
        body = hyperscan.dumpb(database)
        header = {"crc32": crc32(body), "layout": self._layout}
        write_atomically(path, _MAGIC + json.dumps(header).encode() + b"\n" + body)


def _key(rule: Rule) -> _Key:
    near = bool(rule.prefilter) and rule.pattern.startswith(rule.prefilter + GAP)
    return rule.prefilter or earliest(rule.pattern), rule.lookback or rule.reach, NEAR if near else 0


def _compiled(hyperscan: ModuleType, expressions: Sequence[_Key]) -> _Database:
    if not expressions:
        return _Empty()
    database: _Database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(
        expressions=[spelled_out(text).encode() for text, _, _ in expressions],
        ids=list(range(len(expressions))),
        elements=len(expressions),
        flags=[0] * len(expressions),
    )
    return database


def _holds(hyperscan: ModuleType, expression: _Key) -> bool:
    try:
        _compiled(hyperscan, [expression])
    except hyperscan.error:
        return False
    return True


def _split(stored: bytes) -> tuple[dict[str, Any], bytes]:
    """Take a stored database apart, copying its megabytes once; the header is empty when it is not one."""
    end = stored.find(b"\n", len(_MAGIC))
    if not stored.startswith(_MAGIC) or end < 0:
        return {}, b""
    try:
        header = json.loads(stored[len(_MAGIC) : end])
    except ValueError:
        return {}, b""
    return (header if isinstance(header, dict) else {}), stored[end + 1 :]
