"""A word and the value behind it: what a contextual rule asks for, found by one search that all of them share.

A name such as a provider's may stand on every line of a repository. The exact pattern of a rule is tried only where
something that could be a generated value begins close behind it.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping

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


def near_values(content: bytes, words: Mapping[int, Spans], lookbacks: Mapping[int, int]) -> dict[int, Spans]:
    """Keep of the spans in which words stand the parts that a value follows.

    Args:
        content: The text.
        words: By number of the word, spans that begin where it may begin and stop where it ends.
        lookbacks: By number of the word, its length at most, in bytes.

    Returns:
        By number of the word, where it may begin for a value to be near; words without any are left out.
    """
    places = _value_places(content, _united(words.values()))
    kept: dict[int, Spans] = {}
    for number, spans in words.items():
        reach = lookbacks[number] + NEAR
        for first, stop in spans:
            for place in places[bisect_left(places, first) : bisect_left(places, stop + NEAR + 1)]:
                start, end = max(first, place - reach), min(stop, place)
                if start < end:
                    _add(kept.setdefault(number, []), start, end)
    return kept


def _add(spans: Spans, first: int, stop: int) -> None:
    """Add a span that begins no earlier than those before it; where they meet, they are joined."""
    if spans and spans[-1][1] >= first:
        spans[-1][1] = max(spans[-1][1], stop)
    else:
        spans.append([first, stop])


def _united(groups: Iterable[Spans]) -> Spans:
    """Join spans, each with the room for a delimiter behind it, to disjoint ones."""
    united: Spans = []
    for first, stop in sorted((first, stop + NEAR + 1) for spans in groups for first, stop in spans):
        _add(united, first, stop)
    return united


def _value_places(content: bytes, spans: Spans) -> list[int]:
    """Return where in the spans a delimiter stands with a value behind it, in order."""
    return [
        match.start()
        for first, stop in spans
        for match in _VALUE.finditer(content, first, min(len(content), stop + _LONGEST))
        if match.start() < stop
    ]
