"""What is promised of every shipped rule; each function yields what a rule breaks."""

from __future__ import annotations

import re._parser as parser  # type: ignore[import-not-found]
from collections.abc import Callable, Iterator
from functools import cache

from tests.detection.structures import STRUCTURES
from tests.detection.tokens import contexts, examples, formats, near_misses

from picket.detection import Engine, Hit, Rule, default_ruleset, redact
from picket.detection.gitleaks import check_rule
from picket.detection.syntax import to_python
from picket.errors import Malformed
from picket.findings.redaction import MASK

FORMATS = formats()
IN_CONTEXT = contexts()
PLACES = {
    "quoted": 'value = "{}"\n',
    "alone": "{}",
    "after an escape": r'{{"log": "first line\n{}\nlast line"}}',
    "in a list": "a,{},b",
}
SEEDS = 3
"""How often near misses of each format are made."""
OPEN_ENDED = 10_000
"""Bytes from which a match is long enough to be finished beyond its window."""


@cache
def engine() -> Engine:
    """Return an engine with the shipped rules."""
    return Engine(default_ruleset())


def found(text: str, rule: str, path: str = "") -> list[Hit]:
    """Return the hits of one rule."""
    return [hit for hit in engine().scan(text.encode(), path) if hit.rule.id == rule]


def secrets(hits: list[Hit]) -> list[str]:
    """Return the secrets of hits."""
    return [hit.secret.decode() for hit in hits]


def whole(text: str, token: str, rule: str) -> Iterator[str]:
    """Yield what is wrong where *rule* should find exactly *token* in *text*, and be sure of it."""
    hits = found(text, rule)
    if secrets(hits) != [token]:
        yield f"found {secrets(hits)} instead of a token of {len(token)} characters, {token}"
    elif hits[0].confidence <= 0.5:
        yield f"confidence is {hits[0].confidence:.2f} for {token}"


def is_sound(rule: Rule) -> Iterator[str]:
    """The rule is one that the engine can use, and is described."""
    try:
        check_rule(rule)
    except Malformed as error:
        yield f"does not load: {error}"
    for name in ("provider", "credential", "remediation", "description"):
        if not getattr(rule, name):
            yield f"has no {name}"
    if "path" not in rule.checks:
        yield "does not check the path"


def reaches_its_start(rule: Rule) -> Iterator[str]:
    """The prefilter reports an end; the start lies no further back than the rule says."""
    least, most = widths(rule.pattern)
    if least > rule.reach:
        yield f"reach is {rule.reach}, the shortest match has {least} characters"
    seen = widths(rule.prefilter)[1] if rule.prefilter else most
    if OPEN_ENDED > seen > (rule.lookback or rule.reach):
        yield f"looks back {rule.lookback or rule.reach} bytes, the prefilter matches up to {seen}"


def widths(pattern: str) -> tuple[int, int]:
    """Return the lengths of a pattern's shortest and longest match."""
    low, high = parser.parse(to_python(pattern)).getwidth()
    return int(low), int(high)


def finds_its_format_everywhere(rule: Rule) -> Iterator[str]:
    """A token is found whole wherever it stands."""
    for token in examples(FORMATS[rule.id], seed=rule.id):
        for place, text in PLACES.items():
            yield from (f"{place}: {wrong}" for wrong in whole(text.format(token), token, rule.id))


def leaves_near_misses_alone(rule: Rule) -> Iterator[str]:
    """What differs from the format in one thing is not found."""
    misses = [each for seed in range(SEEDS) for each in near_misses(FORMATS[rule.id], seed=f"{rule.id} {seed}")]
    if len(misses) < 3 * SEEDS:
        yield f"has {len(misses)} near misses only"
    for what, text in misses:
        if found(f'value = "{text}"\n', rule.id):
            yield f"near miss found, {what}: {text}"


def begins_no_token_inside_a_word(rule: Rule) -> Iterator[str]:
    """A token does not begin in the middle of a word."""
    if rule.before and rule.prefixes:
        token = examples(FORMATS[rule.id], seed=rule.id)[0]
        if any(hit.start == 1 for hit in found(f"a{token}", rule.id)):
            yield f"found in the middle of a word: a{token}"


def shows_its_prefix_at_most(rule: Rule) -> Iterator[str]:
    """A preview shows the public prefix, and of the rest four characters or 15 percent, whichever is less."""
    for token in examples(FORMATS[rule.id], seed=rule.id):
        shown = redact(token, rule.prefixes).removesuffix(MASK)
        prefix = max((each for each in rule.prefixes if token.startswith(each)), key=len, default="")
        if len(shown) - len(prefix) > min(4, 0.15 * (len(token) - len(prefix))):
            yield f"the preview of {token} shows {shown}"


def finds_its_format_in_context(rule: Rule) -> Iterator[str]:
    """A secret is found whole in each of its contexts."""
    for context in IN_CONTEXT[rule.id]:
        for token in examples(context.format, seed=rule.id):
            yield from (f"{context.before}: {wrong}" for wrong in whole(context.around(token), token, rule.id))


def leaves_alone_what_has_no_context(rule: Rule) -> Iterator[str]:
    """A near miss in a context is not found, and nor is a secret without its context."""
    for context in IN_CONTEXT[rule.id]:
        for seed in range(SEEDS):
            for what, text in near_misses(context.format, seed=f"{rule.id} {seed}"):
                if found(context.around(text), rule.id):
                    yield f"near miss found in {context.before}, {what}: {text}"
        for token in examples(context.format, seed=rule.id):
            if found(f'value = "{token}"\n', rule.id):
                yield f"found without its context: {token}"


def is_reported_once(rule: Rule) -> Iterator[str]:
    """A secret that has several contexts is one hit, whichever rules know it."""
    if len(IN_CONTEXT[rule.id]) > 1:
        for context in IN_CONTEXT[rule.id]:
            token = examples(context.format, seed=rule.id)[0]
            hits = secrets(engine().scan(context.around(token).encode()))
            if hits != [token]:
                yield f"{context.before}: reported as {hits} instead of once, {token}"


def finds_its_structure(rule: Rule) -> Iterator[str]:
    """Each example is found whole, and what only resembles one is not."""
    shape = STRUCTURES[rule.id]
    if min(len(shape.found), len(shape.missed)) < 3:
        yield "has fewer than three examples, or than three near misses"
    for path, text, secret in shape.found:
        hits = secrets(found(text, rule.id, path))
        if hits != [secret]:
            yield f"found {hits} instead of {secret} in {path or text}"
    for path, text in shape.missed:
        if found(text, rule.id, path):
            yield f"found in {path}: {text}"


OF_ALL = (is_sound, reaches_its_start)
OF_KIND: tuple[tuple[dict[str, object], tuple[Callable[[Rule], Iterator[str]], ...]], ...] = (
    (
        {**FORMATS},
        (
            finds_its_format_everywhere,
            leaves_near_misses_alone,
            begins_no_token_inside_a_word,
            shows_its_prefix_at_most,
        ),
    ),
    ({**IN_CONTEXT}, (finds_its_format_in_context, leaves_alone_what_has_no_context, is_reported_once)),
    ({**STRUCTURES}, (finds_its_structure,)),
)


def broken(rule: Rule) -> list[str]:
    """Return each broken promise, the function's name first."""
    promises = [*OF_ALL, *(promise for rules, promises in OF_KIND if rule.id in rules for promise in promises)]
    return [f"{promise.__name__}: {wrong}" for promise in promises for wrong in promise(rule)]
