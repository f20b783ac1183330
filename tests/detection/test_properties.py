"""What holds for any input."""

from __future__ import annotations

from collections import Counter
from functools import cache
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.detection.structures import private_key
from tests.support.examples import how_many

from picket.detection import Engine, Hit, default_ruleset, introduced, position, redact
from picket.detection.model import Rule
from picket.findings.redaction import MASK

PIECES = st.sampled_from(
    b"password = |\"|'|ghp_|AKIA|://|user:|@|-----BEGIN RSA PRIVATE KEY-----|eyJ|.|secret: |\n|\0|\xff\xfe|\xfe\xff|"
    b"abc123XYZabc123XYZabc123XYZ|token=|%3D|${|AccountKey=|Authorization: Basic |jdbc:|;pwd=|</|>|\\n".split(b"|")
)


@cache
def engine() -> Engine:
    return Engine(default_ruleset())


@given(st.lists(PIECES | st.binary(max_size=40), max_size=30).map(b"".join), st.text(max_size=20))
@settings(max_examples=how_many(300))
def test_any_bytes_are_scanned_without_error_and_hits_lie_inside_them(content: bytes, path: str) -> None:
    hits = engine().scan(content, path)
    for hit in hits:
        assert 0 <= hit.match_start <= hit.start <= hit.end <= hit.match_end <= len(content)
        assert 0 <= hit.confidence <= 1
    for one, two in pairwise(hits):
        assert one.end <= two.start
    for each in engine().explain(content, path):
        assert each.reason


@given(st.text(max_size=200), st.text(max_size=12))
def test_redaction_shows_the_prefix_and_at_most_four_characters_or_15_percent(secret: str, prefix: str) -> None:
    whole = prefix + secret
    shown = redact(whole, [prefix]).removesuffix(MASK)
    assert whole.startswith(shown)
    assert len(shown) <= len(prefix) + min(4, 0.15 * len(secret))


@given(st.text(max_size=19))
def test_a_short_secret_is_masked_entirely(secret: str) -> None:
    assert redact(secret) == MASK


def test_a_private_key_shows_its_header_only() -> None:
    key = private_key()
    assert redact(key) == key.splitlines()[0] + MASK


def hit(secret: bytes, start: int) -> Hit:
    rule = Rule("r", pattern="x")
    return Hit(rule, secret, start, start + len(secret), start, start + len(secret), "high", 0.9)


SECRETS = st.lists(st.sampled_from([b"one", b"two", b"three"]), max_size=8)


@given(SECRETS, SECRETS)
def test_what_is_introduced_is_the_multiset_difference_in_order(new: list[bytes], old: list[bytes]) -> None:
    hits = [hit(secret, 10 * place) for place, secret in enumerate(new)]
    fresh = introduced(hits, [hit(secret, 7 * place) for place, secret in enumerate(old)])
    assert Counter(each.secret for each in fresh) == Counter(new) - Counter(old)
    assert fresh == [each for each in hits if each in fresh]


def test_the_same_key_with_escaped_newlines_is_not_introduced_again() -> None:
    key = private_key()
    [old] = engine().scan(key.encode())
    [new] = engine().scan(key.replace("\n", r"\n").encode())
    assert introduced([new], [old]) == []


@given(st.binary(max_size=200) | st.text(max_size=100).map(str.encode), st.integers(0, 220))
def test_position_agrees_with_a_naive_count(content: bytes, offset: int) -> None:
    if content[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return
    lines = content[:offset].split(b"\n")
    line, column = len(lines), len(lines[-1].decode("utf-8", "replace")) + 1
    assert position(content, offset) == (line, column)
