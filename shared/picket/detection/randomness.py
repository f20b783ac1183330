"""How random a text is: entropy against what chance gives, and likeness to written language."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter

# Shannon entropy, bits per character, that all but about one in 10,000 random strings of a length reach, by size
# of alphabet. Source: own simulation, 20,000 uniform strings each.
LENGTHS = (8, 10, 12, 16, 20, 24, 32, 40, 48, 64, 96, 128)
FLOORS = {
    10: (1.06, 1.36, 1.55, 1.81, 2.10, 2.37, 2.48, 2.70, 2.79, 2.96, 3.06, 3.14),
    16: (1.50, 1.57, 1.96, 2.27, 2.53, 2.73, 3.04, 3.21, 3.31, 3.47, 3.60, 3.75),
    32: (1.55, 2.05, 2.28, 2.77, 3.05, 3.20, 3.54, 3.77, 3.95, 4.18, 4.48, 4.59),
    64: (2.00, 2.32, 2.63, 3.00, 3.34, 3.57, 3.97, 4.27, 4.47, 4.71, 5.09, 5.30),
}
MARGIN = 0.3  # bits below the floor: about one in a million instead of one in ten thousand
_HEX = frozenset("0123456789abcdefABCDEF")
MOSTLY = 0.75  # of the characters; a third of random base62 is hex, so chance does not get there


def shannon_entropy(text: str | bytes) -> float:
    """Measure how unpredictable *text* is.

    Args:
        text: Candidate secret; any length, may be empty.

    Returns:
        Bits per character, 0.0 for the empty string.

    Source: Shannon 1948, section 6.
    """
    length = len(text)
    return sum(count / length * math.log2(length / count) for count in Counter(text).values())


def entropy_floor(text: str) -> float:
    """Tell the entropy that random text of this length and alphabet practically always has.

    Args:
        text: Candidate secret.

    Returns:
        Bits per character; 0.0 for text too short to judge.
    """
    column = bisect_right(LENGTHS, len(text)) - 1
    return FLOORS[_alphabet_size(text)][column] - MARGIN if column >= 0 else 0.0


def _alphabet_size(text: str) -> int:
    """Guess the size of the alphabet, when in doubt the smaller: formats join hex parts to others."""
    if text.isdigit():
        return 10
    if sum(character in _HEX for character in text) >= MOSTLY * len(text):
        return 16
    return 32 if text.islower() or text.isupper() else 64
