"""Telling generated text from written: names, words and paths follow the letters of a language, keys do not."""

from __future__ import annotations

import re
from itertools import pairwise

# How likely one letter follows another in identifiers and prose, relative to chance: digit d of row a, column b
# means 2**(d * STEP + BASE) times as likely. Source: own count over the words of Python's standard library and
# of this project's dependencies, each word at most 50 times.
_FOLLOWS = (
    "26762351604767060778543342"  # a
    "74547322752843742665721150"  # b
    "72537317606632832657622040"  # c
    "74469441832525632564622240"  # d
    "63675542311657354876253631"  # e
    "73447730800634731656612050"  # f
    "63428366700657640764632032"  # g
    "82248101702543820656510040"  # h
    "55666560102668751577150405"  # i
    "82458421643243742272734030"  # j
    "62349453722645542475526043"  # k
    "73358322802723740366541060"  # l
    "85248220702453770264610030"  # m
    "73677583624435641378551131"  # n
    "55663452525668561866656302"  # o
    "82448325603723760856522160"  # p
    "43353310200725324565940001"  # q
    "73558341704555740576542050"  # r
    "51638436714543663378633250"  # s
    "72548316801543641766533262"  # t
    "66656550600768460777111200"  # u
    "82519230700333620244220000"  # v
    "81357227802527720764304200"  # w
    "64758524710555581348321540"  # x
    "54546353600667590577245235"  # y
    "71249303701443630441301043"  # z
)
_BASE, _STEP = -6.0, 9.5 / 9
_ORD_A = 97
_LETTERS = 26
_HEX = re.compile(r"[0-9a-f-]+|[0-9A-F-]+")
_CASE_CHANGES = re.compile(
    r"(?<=[a-z])(?=[A-Z0-9])|(?<=[A-Z]{2})(?=[a-z0-9])|(?<=\b[A-Z])(?=[0-9])|(?<=[0-9])(?=[A-Za-z])"
)

CHANGE_WEIGHT = 6.0
"""Weighs changes between letter cases and digits, per character, against likeness to language, in bits per letter.

Source: own measurement; at this weight and the limits below one random text in a hundred reads as written, and nine
of ten quoted names and paths with a digit in them do.
"""
SHORT = 20  # characters
WRITTEN_BELOW = {True: 0.9, False: 1.4}
"""Score under which text reads as written, for text shorter than `SHORT` or not."""


def randomness(text: str) -> float:
    """Score how little *text* reads like language: about -0.5 for names and words, 5 for random base62.

    Args:
        text: Candidate secret.

    Returns:
        Log-likelihood against language in bits per letter pair, plus weighed changes of character class.
    """
    codes = [ord(character) - _ORD_A for character in text.lower()]
    pairs = [_FOLLOWS[one * _LETTERS + two] for one, two in pairwise(codes) if _letter(one) and _letter(two)]
    likeness = _BASE + _STEP * sum(map(int, pairs)) / len(pairs) if pairs else 0.0
    return CHANGE_WEIGHT * len(_CASE_CHANGES.findall(text)) / max(1, len(text)) - likeness


def reads_as_written(text: str) -> bool:
    """Return whether *text* is made of words or parts of words; hex is judged by its entropy only."""
    if _HEX.fullmatch(text):
        return False
    return randomness(text) < WRITTEN_BELOW[len(text) < SHORT]


def _letter(code: int) -> bool:
    return 0 <= code < _LETTERS
