"""Where a rule's exact pattern is worth trying: Hyperscan finds that for all rules in a single pass.

A contextual rule is looked for by its word alone, so that Hyperscan holds nothing but literals for it; where the word
stands, one search shared by all such rules tells whether something like a value follows it.

Importing Hyperscan's binding takes 29 ms: it waits for the first scan.
"""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock
from typing import TYPE_CHECKING

from picket.detection.caching import Folder
from picket.detection.databases import Database, Databases
from picket.detection.model import Rule
from picket.detection.vicinity import Matches, Spans, near_values

if TYPE_CHECKING:
    from picket.detection.novelty import Novelty

Windows = dict[int, Spans]
"""For each rule's index the places where a match may start: disjoint `[first, stop)` offsets in bytes."""


class Prefilter:
    """Where rules may match. One instance may be used by several threads; they take turns.

    `extra` are expressions that belong to no rule, each with its lookback; their indices follow those of the rules.
    Known after the first scan: `unheld`, the rules (by index) that Hyperscan cannot hold and that have to be tried
    everywhere; `patternless`, those about paths alone; `compiled`, whether this instance had to compile.

    Texts are matched whole until `remember` is called.
    """

    def __init__(
        self,
        rules: Sequence[Rule],
        digest: str,
        cache_dir: Folder | None = None,
        extra: Sequence[tuple[str, int]] = (),
    ) -> None:
        self._rules = rules
        self._extra = extra
        self._digest = digest
        self._cache_dir = cache_dir
        self._databases: Databases | None = None
        self._novelty: Novelty | None = None
        self._lock = Lock()

    @property
    def unheld(self) -> tuple[int, ...]:
        """Rules that have to be tried everywhere."""
        return tuple(self._databases.layout.unheld) if self._databases else ()

    @property
    def patternless(self) -> tuple[int, ...]:
        """Rules about paths alone."""
        return tuple(self._databases.layout.patternless) if self._databases else ()

    @property
    def compiled(self) -> bool:
        """Whether this instance had to compile."""
        return self._databases is not None and self._databases.compiled

    def remember(self) -> None:
        """Remember from now on what was found in which passages: for many texts that repeat each other."""
        from picket.detection.novelty import Novelty, library  # noqa: PLC0415 - 10 ms that a hook does without

        with self._lock:
            if self._novelty is None and (code := library()):
                self._novelty = Novelty(code)

    def windows(self, content: bytes) -> Windows:
        """Find where each rule's pattern may match.

        Overlapping windows of a rule are merged, so that trying them all reads no byte twice. Rules may share a list
        of windows: it is to be read only.
        """
        with self._lock:
            databases = self._databases = self._databases or self._load()
            matches = self._matches(databases, content)
        rules = databases.layout.rules
        found = _joined(matches, databases.layout.lookbacks)
        windows = {index: spans for number, spans in found.items() for index in rules[number]}
        return windows | {index: [[0, len(content)]] for index in databases.layout.unheld}

    def _load(self) -> Databases:
        return Databases.load(self._rules, self._digest, self._cache_dir, self._extra)

    def _matches(self, databases: Databases, content: bytes) -> Matches:
        is_word = databases.layout.is_word

        def find(text: bytes) -> Matches:
            return near_values(text, _matches(databases.near, text), is_word)

        found = self._novelty.matches(content, find) if self._novelty else find(content)
        return [*found, *near_values(content, _matches(databases.wide, content), is_word)] if databases.wide else found


def _matches(database: Database | None, content: bytes) -> Matches:
    found: Matches = []
    if database is None:
        return found

    def on_match(number: int, _start: int, end: int, _flags: int, _context: object) -> None:
        found.append((end, number))

    database.scan(content, match_event_handler=on_match)
    return found


def _joined(matches: Matches, lookbacks: Sequence[int]) -> dict[int, Spans]:
    """Join what may be matches of the same expression to spans, by its number."""
    found: dict[int, Spans] = {}
    for end, number in matches:
        lookback = lookbacks[number]
        first = end - lookback if end > lookback else 0
        known = found.get(number)
        if known is None:
            found[number] = [[first, end]]
        elif known[-1][1] >= first:
            last = known[-1]
            last[0], last[1] = min(last[0], first), max(last[1], end)
        else:
            known.append([first, end])
    return found
