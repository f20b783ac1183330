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

Check = Callable[[Candidate], Evidence | None]

LONG_NUMBER = 12  # digits: times in seconds have 10, in milliseconds 13 and a name that says so
LONG_ENOUGH = 20  # characters: of random base62 one text in thirty has no digit
_RUN = re.compile(r"[A-Za-z0-9]+")


def _body(candidate: Candidate) -> str:
    """The secret without the literal prefix that all of its format share."""
    text = candidate.text
    return text[max((len(known) for known in candidate.rule.prefixes if text.startswith(known)), default=0) :]


def placeholder(candidate: Candidate) -> Evidence | None:
    """Drop templates, fillers and examples. The rule's literal prefix is not looked at."""
    reason = placeholders.placeholder(_body(candidate))
    return Evidence(f"a placeholder: {reason}", FATAL) if reason else None


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
}
