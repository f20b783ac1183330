"""RE2 syntax means in Python what it means in Go."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from picket.detection.syntax import compile_pattern, earliest


@pytest.mark.parametrize(
    ("pattern", "matches", "misses"),
    [
        (r"abc\z", "abc", "abc\n"),
        (r"[[:alnum:]_]{3}", "a_9", "a-9"),
        (r"[^[:space:]]+x", "abx", " x "),
        (r"(?i)abc", "ABC", "abd"),
        (r"a(?i)b", "aB", "AB"),
        (r"a(?i)b|c", "C", "A"),
        (r"(?:a(?i)b)c", "aBc", "aBC"),
        (r"(?i:a)b", "Ab", "AB"),
        (r"(?P<x>a)(?<y>b)", "ab", "ba"),
        (r"(?s)a.b", "a\nb", "ab"),
        (r"(?i)(?s)A.b", "a\nB", "ab"),
        (r"[]a]+b", "]ab", "b"),
        (r"[a[]b", "[b", "cb"),
        (r"\[a\]", "[a]", "a"),
    ],
)
def test_a_pattern_means_the_same(pattern: str, matches: str, misses: str) -> None:
    compiled = compile_pattern(pattern)
    assert compiled.search(matches.encode())
    assert not compiled.fullmatch(misses.encode())


def test_boundaries_hold_but_escapes_before_a_token_are_no_part_of_it() -> None:
    compiled = compile_pattern("tok[0-9]{4}", before="A-Za-z0-9", after="0-9")
    assert compiled.search(b"=tok1234;")
    assert compiled.search(rb"\ntok1234")
    assert compiled.search(b"%3Dtok1234")
    assert not compiled.search(b"atok1234")
    assert not compiled.search(b"tok12345")


@pytest.mark.parametrize(
    ("pattern", "shortened"),
    [
        ("a[b]{3,9}", "a[b]{3}"),
        ("a([b]{3,})", "a([b]{3})"),
        ("ab+", "ab"),
        ("ab{0,3}", "a"),
        (r"ab\+", r"ab\+"),
        ("ab{3}", "ab{3}"),
        ("(?:ab{2,3}?)", "(?:ab{2})"),
        ("a[bc]{2,}={0,2}", "a[bc]{2}"),
        ("a[bc]+=*[xy]?", "a[bc]"),
        (r"a{3,}\.?", r"a{3,}\.?"),
        (r"a{3,}\d?", r"a{3,}\d?"),
        ("a{3}b+?", "a{3}b"),
        ("(?:ab)?", "(?:ab)?"),
        ("a?", "a?"),
    ],
)
def test_a_prefilter_reports_the_earliest_end(pattern: str, shortened: str) -> None:
    assert earliest(pattern) == shortened


@given(st.text(alphabet=r"ab01[]()|\{}^$?*+.:-,iz <>P", max_size=20))
def test_translation_gives_a_pattern_or_an_error_and_never_crashes(pattern: str) -> None:
    try:
        compile_pattern(pattern)
    except (re.error, OverflowError):
        return
