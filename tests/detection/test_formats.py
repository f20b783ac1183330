"""Every shipped rule finds its format and leaves near misses alone."""

from __future__ import annotations

from functools import cache

import pytest
from tests.detection.tokens import examples, formats, near_misses

from picket.detection import Engine, Hit, default_ruleset

RULES = {rule.id: rule for rule in default_ruleset().rules}
FORMATS = formats()
CONTEXTS = {
    "quoted": 'value = "{}"\n',
    "alone": "{}",
    "after an escape": r'{{"log": "first line\n{}\nlast line"}}',
    "in a list": "a,{},b",
}


@cache
def engine() -> Engine:
    return Engine(default_ruleset())


def found(text: str, rule: str) -> list[Hit]:
    return [hit for hit in engine().scan(text.encode()) if hit.rule.id == rule]


@pytest.mark.parametrize("rule", FORMATS)
@pytest.mark.parametrize("context", CONTEXTS)
def test_a_token_is_found_whole_wherever_it_stands(rule: str, context: str) -> None:
    for token in examples(FORMATS[rule], seed=rule):
        hits = found(CONTEXTS[context].format(token), rule)
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


def test_every_shipped_rule_has_a_format() -> None:
    assert {rule for rule in RULES if RULES[rule].specificity == "distinctive"} <= FORMATS.keys()
