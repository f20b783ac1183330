"""Weighing what speaks for and against a candidate.

Evidence is added as log-odds: the order of the checks does not matter, none can push confidence out of 0 to 1,
and each can be told to the reader by itself.
"""

from __future__ import annotations

import math
from functools import cached_property

from picket.detection.model import Rule
from picket.records import dataclass, field

FATAL = -math.inf
LINE_REACH = 1024


@dataclass(frozen=True, slots=True)
class Evidence:
    """One reason and its weight in log-odds: +2.2 turns even chances into 90 %, `FATAL` drops the candidate."""

    reason: str
    weight: float


@dataclass(frozen=True)
class Blob:
    """What is being scanned: UTF-8 bytes (the encoding is not verified), where they come from, whether text."""

    content: bytes = field(repr=False)
    path: str = ""
    commit: str = ""
    binary: bool = False

    @cached_property
    def lowered(self) -> bytes:
        """The content in lower case (ASCII), made once, for key words."""
        return self.content.lower()

    @cached_property
    def path_bytes(self) -> bytes:
        """The path as patterns see it."""
        return self.path.encode("utf-8", "surrogateescape")

    def lines(self, start: int, end: int) -> bytes:
        """Return the lines that `[start, end)` touches, up to `LINE_REACH` bytes to either side of it."""
        floor = max(0, start - LINE_REACH)
        ceiling = min(len(self.content), end + LINE_REACH)
        first = self.content.rfind(b"\n", floor, start) + 1 or floor
        last = self.content.find(b"\n", end, ceiling)
        return self.content[first : ceiling if last < 0 else last]

    def line_above(self, start: int) -> bytes:
        """Return the line before that of *start*, up to `LINE_REACH` bytes; empty where that is too far away."""
        end = self.content.rfind(b"\n", max(0, start - LINE_REACH), start)
        floor = max(0, end - LINE_REACH)
        return self.content[self.content.rfind(b"\n", floor, end) + 1 or floor : end] if end > 0 else b""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A place where a rule's exact pattern matches. Offsets are bytes into `blob.content`, end exclusive."""

    rule: Rule
    blob: Blob
    secret: bytes = field(repr=False)
    start: int
    end: int
    match_start: int
    match_end: int

    @property
    def text(self) -> str:
        """The secret as text, what is not UTF-8 replaced."""
        return self.secret.decode("utf-8", "replace")

    @property
    def match(self) -> bytes:
        """The whole match, context included."""
        return self.blob.content[self.match_start : self.match_end]

    @property
    def line(self) -> bytes:
        """The lines that the match touches."""
        return self.blob.lines(self.match_start, self.match_end)

    def after(self, length: int) -> bytes:
        """Up to *length* bytes right after the secret."""
        return self.blob.content[self.end : self.end + length]


def weigh(confidence: float, evidence: list[Evidence]) -> float:
    """Move a confidence by evidence.

    Args:
        confidence: Between 0 and 1, both exclusive.
        evidence: Any number of reasons.

    Returns:
        Confidence between 0 and 1, rounded to hundredths; 0.0 when any of it is fatal.
    """
    odds = math.log(confidence / (1 - confidence)) + sum(each.weight for each in evidence)
    return round(1 / (1 + math.exp(-odds)), 2) if odds > -700 else 0.0  # noqa: PLR2004 - exp overflows at 709
