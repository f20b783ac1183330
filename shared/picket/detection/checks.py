"""The checks that a rule can ask for by name, each a function from a candidate to what speaks for or against it."""

from __future__ import annotations

import re
from collections.abc import Callable

from picket.detection import placeholders
from picket.detection.assignments import ASSIGNMENTS
from picket.detection.evidence import FATAL, Candidate, Evidence
from picket.detection.language import reads_as_written
from picket.detection.names import name_of, says_number
from picket.detection.nearby import NEARBY
from picket.detection.randomness import entropy_floor, shannon_entropy
from picket.detection.structure import STRUCTURES
from picket.detection.surroundings import SURROUNDINGS
from picket.detection.told import TOLD

Check = Callable[[Candidate], Evidence | None]

LONG_NUMBER = 12  # digits: times in seconds have 10, in milliseconds 13 and a name that says so
LONG_ENOUGH = 20  # characters: of random base62 one text in thirty has no digit
# Not in names, addresses and domains: of these many a line has one.
_EXAMPLE = re.compile(
    rb"""(?i)\b(?:for|an) example\b|\be\.g\.|\bexample (?:of|key|token|value|config|usage)|[=:] ?["']example["']"""
)
_CALLED = re.compile(rb"""["']example["'_]""")  # as the specifications of OAuth call what they invent
BEFORE = 128  # bytes before and after a match that are looked at
_MADE_UP = re.compile(rb"(?i)(?<![\w.@/-])(?:dummy|mock|fake|placeholder|bogus|made[ -]up)(?![\w@/=:(-]|\.\w)")
_RUN = re.compile(r"[A-Za-z0-9]+")


def _body(candidate: Candidate) -> str:
    """The secret without the literal prefix that all of its format share."""
    text = candidate.text
    return text[max((len(known) for known in candidate.rule.prefixes if text.startswith(known)), default=0) :]


def placeholder(candidate: Candidate) -> Evidence | None:
    """Drop templates, fillers and examples. The rule's literal prefix is not looked at."""
    reason = placeholders.placeholder(_body(candidate))
    if reason:
        return Evidence(f"a placeholder: {reason}", FATAL)
    if candidate.rule.specificity not in {"generic", "contextual"}:
        return None
    around = candidate.blob.line_above(candidate.match_start) + b"\n" + candidate.line
    nearby = candidate.blob.content[max(0, candidate.match_start - BEFORE) : candidate.end + BEFORE]
    if _MADE_UP.search(around):
        return Evidence("called made up beside it", -2.2)
    return Evidence("called an example beside it", -1.2) if _EXAMPLE.search(around) or _CALLED.search(nearby) else None


def filler(candidate: Candidate) -> Evidence | None:
    """Drop what is made by repeating or counting only; for formats whose alphabet spells words by chance."""
    reason = placeholders.filler(candidate.text)
    return Evidence(f"a placeholder: {reason}", FATAL) if reason else None


def entropy(candidate: Candidate) -> Evidence | None:
    """Drop what practically no random text of its length and alphabet looks like.

    The longest run without a separator is judged: around it may be words, and parts in other alphabets.
    """
    body = max(_RUN.findall(_body(candidate)), key=len, default="")
    if shannon_entropy(body) < entropy_floor(body):
        return Evidence("less random than any generated secret of its length", FATAL)
    return None


def mixed(candidate: Candidate) -> Evidence | None:
    """Drop what has no digit, or digits alone: words, names and numbers. Long and random it is doubted only."""
    text = candidate.text
    if not any(character.isdigit() for character in text):
        cases = any(map(str.islower, text)) and any(map(str.isupper, text))
        random = cases and len(text) >= LONG_ENOUGH and not reads_as_written(text)
        return Evidence("letters only", -0.6 if random else FATAL)
    if any(character.isalpha() for character in text):
        return None
    is_named = candidate.rule.specificity == "generic" and says_number(name_of(candidate))
    return Evidence("digits only", -0.8 if is_named and len(text) >= LONG_NUMBER else FATAL)


CHECKS: dict[str, Check] = {
    "entropy": entropy,
    "filler": filler,
    "mixed": mixed,
    "placeholder": placeholder,
    **ASSIGNMENTS,
    **NEARBY,
    **STRUCTURES,
    **SURROUNDINGS,
    **TOLD,
}
