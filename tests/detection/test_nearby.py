"""A word and a value close behind it: where that is looked for, and what is made of it."""

from __future__ import annotations

import random
import re
import string
import time
from functools import cache
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.examples import how_many

from picket.detection import Engine, Hit, default_ruleset
from picket.detection.model import Rule
from picket.detection.prefilter import Prefilter
from picket.detection.syntax import compile_pattern, literal_head, spelled_out
from picket.detection.vicinity import GAP, NEAR

RNG = random.Random("nearby")
HEX = "".join(RNG.choices("0123456789abcdef", k=32))
UUID = "-".join("".join(RNG.choices("0123456789abcdef", k=k)) for k in (8, 4, 4, 4, 12))
MIXED = "q7" + "".join(RNG.choices(string.ascii_letters + string.digits, k=22))
WORD = Rule("word", pattern=rf"(?i:acme[_-]?co){GAP}([a-z0-9]{{20}})", prefilter="(?i:acme[_-]?co)", lookback=48)
PIECES = st.sampled_from(
    ["acmeco", "ACME_CO", "=", " ", "\n", '"', "x", "word", "a1b2c3d4e5f6g7h8i9j0", "0" * 30, "::"]
)


@cache
def engine() -> Engine:
    return Engine(default_ruleset())


def scanned(text: str) -> list[Hit]:
    return engine().scan(text.encode())


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        pytest.param(f"TWILIO_AUTH_TOKEN={HEX}", "twilio-auth-token", id="assigned"),
        pytest.param(f"the twilio token {HEX} expires", "twilio-auth-token", id="told in prose"),
        pytest.param(f"twilio:\n  value: '{HEX}'", "twilio-auth-token", id="on the next line"),
        pytest.param(f"| vercel | `{MIXED}` |", "vercel-api-token-legacy", id="in a table"),
        pytest.param(f"twilio and sinch_token: {HEX}", "sinch-service-plan-id-or-api-token", id="the nearer word"),
    ],
)
def test_a_value_behind_a_word_is_believed(text: str, rule: str) -> None:
    [hit] = scanned(text)
    assert hit.rule.id == rule
    assert hit.confidence > 0.5


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"twilio_commit = '{HEX}'", id="a commit"),
        pytest.param(f'"twilio": "x", "sha256": "{HEX}"', id="a digest"),
        pytest.param(f"heroku_app_id = {UUID}", id="an id"),
        pytest.param(f"twilio\n\n it is {HEX}", id="far away, in prose, and hex"),
        pytest.param(f"twilio = '{HEX}.png'", id="a file's name"),
        pytest.param(f"twilio{'.' * (NEAR + 1)} = '{HEX}'", id="beyond reach"),
        pytest.param(f"mailbox = '{MIXED}abcdefgh'", id="a word inside another"),
    ],
)
def test_a_value_that_something_speaks_against_is_not_believed(text: str) -> None:
    assert [hit.rule.id for hit in scanned(text) if hit.confidence > 0.5] == []


def test_a_doubted_word_does_not_hide_what_the_name_says() -> None:
    [hit] = scanned(f"# twilio commit\npassword = '{HEX}'")
    assert hit.rule.id == "generic-password"
    assert hit.confidence > 0.5


@given(st.lists(PIECES, max_size=60).map("".join))
@settings(max_examples=how_many(300))
def test_no_match_lies_outside_the_windows(text: str) -> None:
    content = text.encode()
    spans = Prefilter([WORD], "").windows(content).get(0, [])
    # A value without a digit is none: neither words nor names open a window.
    found = re.compile(WORD.pattern.encode()).finditer(content)
    starts = [match.start() for match in found if re.search(rb"[0-9]", match[1])]
    assert all(any(first <= start < stop for first, stop in spans) for start in starts)
    assert all(one[1] <= two[0] for one, two in pairwise(spans))


def test_words_without_values_open_no_window() -> None:
    prefilter = Prefilter([WORD], "")
    assert prefilter.windows(b"acmeco is at https://acme.co/about " * 1000) == {}
    assert len(prefilter.windows(b"acmeco is idle. " * 1000 + b"acme_co=a1b2c3d4e5f6g7h8i9j0")[0]) == 1


@pytest.mark.parametrize("piece", [b"twilio ", b"twilio=", b"twilio ==========1", b'twilio "' + b"a" * 39 + b"1"])
def test_time_grows_with_length_and_no_faster(piece: bytes) -> None:
    def seconds(size: int) -> float:
        content = piece * (size // len(piece))
        begun = time.process_time()
        engine().scan(content)
        return time.process_time() - begun

    seconds(1000)
    long, short = (min(seconds(size) for _ in range(3)) for size in (2_000_000, 400_000))
    assert long < 12 * max(short, 0.005)


@pytest.mark.parametrize(
    ("expression", "literals"),
    [
        ("(?i:box[ _]?(?:api|key))", {"boxapi", "boxkey", "box\\ api", "box\\ key", "box_api", "box_key"}),
        ("(?i:a\\.b|c(?:x(?:y|z)?)?d)", {"a\\.b", "cd", "cxd", "cxyd", "cxzd"}),
        ("(?i:web_?hook)", {"webhook", "web_hook"}),
    ],
)
def test_small_expressions_are_spelled_out(expression: str, literals: set[str]) -> None:
    assert set(spelled_out(expression)[4:-1].split("|")) == literals


@pytest.mark.parametrize("expression", ["(?i:a{2}b)", "(?i:a+)", "abc", "(?i:[a-c][^x])", "(?i:(?:a|b)?)"])
def test_other_expressions_stay_as_they_are(expression: str) -> None:
    assert spelled_out(expression) == expression


def test_every_spelling_of_a_shipped_word_is_one_the_rule_knows() -> None:
    rules = [rule for rule in default_ruleset().rules if rule.prefilter and GAP in rule.pattern]
    assert len(rules) > 700
    for rule in rules:
        spelled = spelled_out(rule.prefilter)
        if spelled != rule.prefilter:
            word = re.compile(rule.prefilter)
            assert all(word.fullmatch(re.sub(r"\\(.)", r"\1", each)) for each in spelled[4:-1].split("|")), rule.id


@pytest.mark.parametrize(
    ("pattern", "head"),
    [("EAAA[A-Z]", "EAAA"), ("abc|def", ""), ("ab{3}", "a"), ("ab?c", "a"), (r"\$2[ab]", r"\$2"), (r"ab\d", "ab")],
)
def test_the_literal_start_of_a_pattern_is_known(pattern: str, head: str) -> None:
    assert literal_head(pattern) == head


@pytest.mark.parametrize(
    ("text", "found"),
    [(b"xEAAABC", False), (b" EAAABC", True), (rb"\nEAAABC", True), (b"%3dEAAABC", True), (b"EAAABC", True)],
)
def test_what_must_not_stand_before_a_match_is_seen_behind_its_literal_start(text: bytes, found: bool) -> None:
    assert bool(compile_pattern("EAAA[A-Z]{2}", before="A-Za-z0-9").search(text)) is found
