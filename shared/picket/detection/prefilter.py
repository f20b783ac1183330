"""One Hyperscan database of all rules: finds in a single pass where a rule's exact pattern is worth trying.

Compiling takes about a second, loading a serialised database a few milliseconds, and importing the binding alone
29 ms: all of it waits for the first scan.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Lock
from types import ModuleType
from typing import Any, Protocol

from picket.detection.caching import read, write_atomically
from picket.detection.model import Rule
from picket.detection.syntax import earliest

Windows = dict[int, list[list[int]]]
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


_MAGIC = b"picket prefilter 1\n"


class Prefilter:
    """Where rules may match. One instance may be used by several threads; they take turns.

    `extra` are expressions that belong to no rule, each with its lookback; their indices follow those of the rules.
    `unheld` are the rules (by index) that Hyperscan cannot hold: they have to be tried everywhere. It and
    `compiled` (whether this instance had to compile) are known after the first scan.
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
        self._lookbacks = [rule.lookback or rule.reach for rule in rules] + [lookback for _, lookback in extra]
        self._digest = digest
        self._cache_dir = cache_dir
        self._database: _Database | None = None
        self._lock = Lock()
        self.unheld: tuple[int, ...] = ()
        self.compiled = False

    def windows(self, content: bytes) -> Windows:
        """Find where each rule's pattern may match.

        Overlapping windows of a rule are merged, so that trying them all reads no byte twice.
        """
        windows: Windows = {}
        lookbacks = self._lookbacks

        def on_match(index: int, _start: int, end: int, _flags: int, _context: object) -> None:
            first = max(0, end - lookbacks[index])
            known = windows.get(index)
            if known is None:
                windows[index] = [[first, end]]
            elif known[-1][1] >= first:
                last = known[-1]
                last[0], last[1] = min(last[0], first), max(last[1], end)
            else:
                known.append([first, end])

        with self._lock:
            (self._database or self._load()).scan(content, match_event_handler=on_match)
        for index in self.unheld:
            windows[index] = [[0, len(content)]]
        return windows

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
        magic, header, body = stored[: len(_MAGIC)], *_split(stored[len(_MAGIC) :])
        if magic != _MAGIC or header.get("sha256") != hashlib.sha256(body).hexdigest():
            return None
        try:
            database: _Database = hyperscan.loadb(body, mode=hyperscan.HS_MODE_BLOCK)
        except hyperscan.error:  # written by a build of Hyperscan that this one does not read
            return None
        database.scratch = hyperscan.Scratch(database)
        self.unheld = tuple(header["unheld"])
        return database

    def _compile(self, hyperscan: ModuleType) -> _Database:
        expressions = {
            index: (rule.prefilter or earliest(rule.pattern)).encode()
            for index, rule in enumerate(self._rules)
            if rule.pattern
        }
        expressions |= {index: each.encode() for index, (each, _) in enumerate(self._extra, start=len(self._rules))}
        try:
            database = _compiled(hyperscan, expressions)
        except hyperscan.error:  # it does not say which expression it cannot hold
            held = {index: each for index, each in expressions.items() if _holds(hyperscan, each)}
            self.unheld = tuple(sorted(expressions.keys() - held.keys()))
            database = _compiled(hyperscan, held)
        self.compiled = True
        return database

    def _store(self, hyperscan: ModuleType, database: _Database, path: Path) -> None:
        body = hyperscan.dumpb(database)
        header = json.dumps({"sha256": hashlib.sha256(body).hexdigest(), "unheld": self.unheld}).encode()
        write_atomically(path, _MAGIC + header + b"\n" + body)


def _compiled(hyperscan: ModuleType, expressions: dict[int, bytes]) -> _Database:
    if not expressions:
        return _Empty()
    database: _Database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(
        expressions=list(expressions.values()),
        ids=list(expressions),
        elements=len(expressions),
        flags=[0] * len(expressions),
    )
    return database


def _holds(hyperscan: ModuleType, expression: bytes) -> bool:
    try:
        _compiled(hyperscan, {0: expression})
    except hyperscan.error:
        return False
    return True


def _split(stored: bytes) -> tuple[dict[str, Any], bytes]:
    head, _, body = stored.partition(b"\n")
    try:
        header = json.loads(head)
    except ValueError:
        return {}, b""
    return (header, body) if isinstance(header, dict) else ({}, b"")
