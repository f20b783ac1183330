"""A word and the value behind it: what a contextual rule asks for, found by one search that all of them share.

A name such as a provider's may stand on every line of a repository. The exact pattern of a rule is tried only where
something that could be a generated value begins close behind it.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence

Matches = list[tuple[int, int]]
"""Offset of the end of each match, and the number of its expression; in order."""
Spans = list[list[int]]
"""Disjoint `[first, stop)` offsets in bytes, in order."""

NEAR = 80
"""Bytes that may lie between the end of a word and the delimiter before its value: a line, or the next one's name."""
DELIMITER = r"""[\s"'`=:,(>\[]"""
"""What stands right before a value, in any language or format, prose included; RE2 syntax."""
GAP = rf"[\s\S]{{0,{NEAR}}}?{DELIMITER}"
"""What a contextual rule's pattern has between its word and its value; RE2 syntax."""
SHORTEST = 14
"""Characters of the shortest value that is looked for behind a word: any shorter, chance and names look the same."""

# A delimiter and a run of such characters as keys are made of, with a digit soon: nine of ten words and names have
# none. White space is spelled out, which `re` searches faster for; counts are bounded, so that a long run costs no more
# than a short one at each place.
_VALUE = re.compile(rb"""[\t\n\r "'`=:,(>\[](?=[A-Za-z0-9_+/.~|?%%-]{%d})[A-Za-z_+/.~|?%%-]{0,40}+[0-9]""" % SHORTEST)
_LONGEST = 64  # bytes that a match of `_VALUE` looks at


def near_values(content: bytes, matches: Matches, is_word: Sequence[bool]) -> Matches:
    """Leave out words that no value follows.

    Args:
        content: The text.
        matches: Where words and other expressions end, and their numbers.
        is_word: By its number, whether an expression is a word that a value has to follow.
    """
    ends = [end for end, number in matches if is_word[number]] if matches else ()
    if not ends:
        return matches
    places = _value_places(content, _united(ends))
    return [
        (end, number)
        for end, number in matches
        if not is_word[number] or bisect_left(places, end) < bisect_left(places, end + NEAR + 1)
    ]


def _united(ends: Iterable[int]) -> Spans:
    """Return where the delimiter before a value may stand behind words, as disjoint spans."""
    united: Spans = []
    for end in sorted(ends):
        if united and united[-1][1] >= end:
            united[-1][1] = end + NEAR + 1
        else:
            united.append([end, end + NEAR + 1])
    return united


def _value_places(content: bytes, spans: Spans) -> list[int]:
    """Return where in the spans a delimiter stands with a value behind it, in order."""
    return [
        match.start()
        for first, stop in spans
        for match in _VALUE.finditer(content, first, min(len(content), stop + _LONGEST))
        if match.start() < stop
    ]
