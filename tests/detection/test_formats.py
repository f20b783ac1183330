"""Every shipped rule finds its format and leaves near misses alone."""

from __future__ import annotations

from functools import cache

import pytest
from tests.detection.structures import STRUCTURES
from tests.detection.tokens import contexts, examples, formats, near_misses

from picket.detection import Engine, Hit, default_ruleset

RULES = {rule.id: rule for rule in default_ruleset().rules}
FORMATS = formats()
IN_CONTEXT = contexts()
PLACES = {
    "quoted": 'value = "{}"\n',
    "alone": "{}",
    "after an escape": r'{{"log": "first line\n{}\nlast line"}}',
    "in a list": "a,{},b",
}


@cache
def engine() -> Engine:
    return Engine(default_ruleset())


def found(text: str, rule: str, path: str = "") -> list[Hit]:
    return [hit for hit in engine().scan(text.encode(), path) if hit.rule.id == rule]


@pytest.mark.parametrize("rule", FORMATS)
@pytest.mark.parametrize("place", PLACES)
def test_a_token_is_found_whole_wherever_it_stands(rule: str, place: str) -> None:
    for token in examples(FORMATS[rule], seed=rule):
        hits = found(PLACES[place].format(token), rule)
        assert [hit.secret.decode() for hit in hits] == [token], f"{rule} in {len(token)} characters"
        assert hits[0].confidence > 0.5


@pytest.mark.parametrize("rule", FORMATS)
def test_a_near_miss_is_left_alone(rule: str) -> None:
    misses = [each for seed in range(3) for each in near_misses(FORMATS[rule], seed=f"{rule} {seed}")]
    assert len(misses) >= 9
    for what, text in misses:
        assert not found(f'value = "{text}"\n', rule), what


@pytest.mark.parametrize("rule", [rule for rule in FORMATS if RULES[rule].before and RULES[rule].prefixes])
def test_a_token_does_not_begin_in_the_middle_of_a_word(rule: str) -> None:
    token = examples(FORMATS[rule], seed=rule)[0]
    assert all(hit.start != 1 for hit in found(f"a{token}", rule))


@pytest.mark.parametrize("rule", IN_CONTEXT)
def test_a_contextual_secret_is_found_whole_in_its_contexts(rule: str) -> None:
    for context in IN_CONTEXT[rule]:
        for token in examples(context.format, seed=rule):
            hits = found(context.around(token), rule)
            assert [hit.secret.decode() for hit in hits] == [token], f"{context.before}, {len(token)} characters"
            assert hits[0].confidence > 0.5


@pytest.mark.parametrize("rule", IN_CONTEXT)
def test_a_contextual_near_miss_or_one_without_its_context_is_left_alone(rule: str) -> None:
    for context in IN_CONTEXT[rule]:
        for seed in range(3):
            for what, text in near_misses(context.format, seed=f"{rule} {seed}"):
                assert not found(context.around(text), rule), f"{what} in {context.before}"
        for token in examples(context.format, seed=rule):
            assert not found(f'value = "{token}"\n', rule)


@pytest.mark.parametrize("rule", [rule for rule, known in IN_CONTEXT.items() if len(known) > 1])
def test_a_contextual_secret_is_reported_once(rule: str) -> None:
    for context in IN_CONTEXT[rule]:
        token = examples(context.format, seed=rule)[0]
        text = context.around(token)
        assert [hit.secret.decode() for hit in engine().scan(text.encode())] == [token]


@pytest.mark.parametrize(
    ("rule", "example"), [(rule, each) for rule, shape in STRUCTURES.items() for each in shape.found]
)
def test_a_structure_is_found_whole(rule: str, example: tuple[str, str, str]) -> None:
    path, text, secret = example
    assert [hit.secret.decode() for hit in found(text, rule, path)] == [secret]


@pytest.mark.parametrize(
    ("rule", "example"), [(rule, each) for rule, shape in STRUCTURES.items() for each in shape.missed]
)
def test_what_only_resembles_a_structure_is_left_alone(rule: str, example: tuple[str, str]) -> None:
    path, text = example
    assert not found(text, rule, path)


def test_every_shipped_rule_has_examples() -> None:
    assert RULES.keys() == FORMATS.keys() | IN_CONTEXT.keys() | STRUCTURES.keys()
    assert all(len(shape.found) >= 3 and len(shape.missed) >= 3 for shape in STRUCTURES.values())
