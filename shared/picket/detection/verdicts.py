"""What became of a window, remembered: in most versions of a file its rules and what stands around it are the same.

What a rule makes of a window depends on the file's path, on the window and on the lines around it, and on nothing else
for rules that look no further. They are told apart by Python's own hash of bytes, of 64 bits, which is keyed anew in
each process that is started.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Sequence
from typing import NamedTuple

from picket.detection.evidence import LINE_REACH, Blob
from picket.detection.model import Dropped, Hit, Rule

FURTHEST = 1024
"""Bytes that a match of a rule has at most whose verdicts are remembered."""
BEFORE, AFTER = 128, 256
"""Bytes around a match that its checks look at, whatever the lines."""
_FILES = 16  # of which verdicts are remembered: histories are read by path
MOST = 4096
"""Verdicts of one file that are remembered at most; a version that reaches it is the last that adds any."""


class Window(NamedTuple):
    """Where a match may start, `[first, stop)`, and from where on it is looked for."""

    first: int
    stop: int
    done: int


class Verdict(NamedTuple):
    """What became of the candidates of a window that begins at `first`.

    `done` is where looking for them ended, `furthest` where the last match did.
    """

    first: int
    outcomes: Sequence[Hit | Dropped]
    done: int
    furthest: int

    def hits_only(self) -> Verdict:
        """Return the same without candidates that are no hits."""
        return self._replace(outcomes=[each for each in self.outcomes if isinstance(each, Hit)])

    def at(self, first: int) -> Verdict:
        """Return the same for an equal window that begins elsewhere."""
        by = first - self.first
        if not by:
            return self
        outcomes = [_moved(each, by) for each in self.outcomes] if self.outcomes else self.outcomes
        return Verdict(first, outcomes, self.done + by, self.furthest + by)


class Verdicts:
    """Verdicts of the files looked at last."""

    def __init__(self) -> None:
        self._files: OrderedDict[Hashable, dict[Hashable, Verdict]] = OrderedDict()

    def of(self, blob: Blob) -> dict[Hashable, Verdict]:
        """Return what is remembered of the file that *blob* is a version of; to be added to."""
        file = (blob.path, blob.commit, blob.binary)
        known = self._files.pop(file, {})
        if len(known) >= MOST:
            known = {}
        self._files[file] = known
        if len(self._files) > _FILES:
            self._files.popitem(last=False)
        return known


def is_local(rule: Rule) -> bool:
    """Return whether nothing but what `place` has decides what *rule* makes of a window."""
    return rule.reach <= FURTHEST and not rule.linear and "pem" not in rule.checks


def place(content: bytes, index: int, window: Window, reach: int) -> Hashable:
    """Tell a window from others: by its bytes and by those around it that the checks of its rule look at.

    Args:
        content: The text.
        index: Of the rule.
        window: The window.
        reach: Of the rule: bytes that a match has at most.
    """
    first, stop, done = window
    start = max(0, min(_line_above(content, first), first - BEFORE))
    limit = stop + reach
    newline = content.find(b"\n", limit, limit + LINE_REACH)
    end = max(limit + LINE_REACH if newline < 0 else newline + 1, limit + AFTER)
    return index, first - start, stop - first, done - first, hash(content[start:end])


def _line_above(content: bytes, at: int) -> int:
    """Return where the line before that of *at* begins, as far as `Blob.line_above` looks."""
    end = content.rfind(b"\n", max(0, at - LINE_REACH), at)
    if end < 0:
        return at - LINE_REACH
    start = content.rfind(b"\n", max(0, end - LINE_REACH), end)
    return end - LINE_REACH if start < 0 else start


def _moved(outcome: Hit | Dropped, by: int) -> Hit | Dropped:
    if isinstance(outcome, Hit):
        return outcome.moved([each + by for each in outcome.places])
    return Dropped(outcome.rule, outcome.start + by, outcome.end + by, outcome.reason)
