"""Which occurrence of a secret is its oldest."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from picket.detection.age import rank

OLDEST_FIRST = [
    ("no date", "f", "z", 1, 1),
    ("2020-01-01T23:59:59+09:00", "f", "z", 1, 1),
    ("2020-01-02T00:30:00+09:00", "f", "z", 1, 1),
    ("2020-01-01T20:00:00-05:00", "a", "z", 1, 1),
    ("2020-01-02T01:00:00Z", "b", "a", 20, 1),
    ("2020-01-02T01:00:00+00:00", "b", "a.b", 3, 9),
    ("2020-01-02T01:00:00+00:00", "b", "a.b", 3, 10),
    ("2020-01-02T01:00:00+00:00", "b", "a.b", 20, 1),
    ("2020-01-02T01:00:00+00:00", "b", "aé", 1, 1),
]


def test_instants_are_compared_then_commits_paths_lines_and_columns() -> None:
    shuffled = random.Random(1).sample(OLDEST_FIRST, len(OLDEST_FIRST))

    assert sorted(shuffled, key=lambda place: rank(*place)) == OLDEST_FIRST


def test_a_rank_of_an_earlier_version_is_compared_by_its_month() -> None:
    now = rank("2020-02-01T00:00:00Z", "a", "a", 1, 1)

    assert now > "2020-01-31T23:00:00-05:00|a|a|000000001"
    assert now < "2020-03-01T00:00:00+00:00|a|a|000000001"


@given(st.lists(st.text(st.characters(exclude_characters="\0\x01", codec="utf-8"), min_size=1), min_size=2, max_size=5))
def test_paths_are_in_byte_order(paths: list[str]) -> None:
    by_rank = sorted(paths, key=lambda path: rank("2020-01-01T00:00:00Z", "a", path, 1, 1))

    assert by_rank == sorted(paths, key=lambda path: path.encode())


@given(st.text(max_size=30))
def test_any_text_may_stand_for_a_date(text: str) -> None:
    assert rank(text, "a", "a", 1, 1) < rank("9999-01-01T00:00:00Z", "a", "a", 1, 1)
