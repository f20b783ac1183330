"""What answers say of rate limits, however the clocks stand."""

from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from picket.forges.limits import LONGEST, SHORTEST, Limits, is_limit, read

NOW = 1_800_000_000.0
YEAR = 365 * 86_400


def date(at: float) -> str:
    return formatdate(at, usegmt=True)


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        pytest.param({}, Limits(None, None, None), id="nothing"),
        pytest.param(
            {"x-ratelimit-remaining": "59", "x-ratelimit-reset": "1800000600", "date": date(NOW)},
            Limits(59, 600, None),
            id="GitHub",
        ),
        pytest.param(
            {"x-ratelimit-remaining": "59", "x-ratelimit-reset": "1800000600"}, Limits(59, 600, None), id="no date"
        ),
        pytest.param(
            {"ratelimit-remaining": "7", "ratelimit-reset": "1800000030", "date": date(NOW)},
            Limits(7, 30, None),
            id="GitLab",
        ),
        pytest.param(
            {"x-ratelimit-remaining": "59", "x-ratelimit-reset": str(int(NOW) + YEAR + 600), "date": date(NOW + YEAR)},
            Limits(59, 600, None),
            id="the forge's clock is a year ahead",
        ),
        pytest.param(
            {"x-ratelimit-remaining": "59", "x-ratelimit-reset": str(int(NOW) - YEAR + 600), "date": date(NOW - YEAR)},
            Limits(59, 600, None),
            id="the forge's clock is a year behind",
        ),
        pytest.param(
            {"retry-after": date(NOW + YEAR + 90), "date": date(NOW + YEAR)}, Limits(None, None, 90), id="a date ahead"
        ),
        pytest.param({"retry-after": date(NOW - YEAR), "date": date(NOW)}, Limits(None, None, SHORTEST), id="over"),
        pytest.param({"retry-after": date(NOW + YEAR), "date": date(NOW)}, Limits(None, None, LONGEST), id="for ever"),
        pytest.param({"retry-after": "120", "date": "never"}, Limits(None, None, 120), id="no date that is one"),
        pytest.param({"retry-after": "soon"}, Limits(None, None, None), id="no time"),
        pytest.param({"retry-after": "١٢"}, Limits(None, None, None), id="other digits"),
        pytest.param({"retry-after": "1\n2"}, Limits(None, None, None), id="a line break"),
        pytest.param({"x-ratelimit-reset": "1"}, Limits(None, SHORTEST, None), id="in a second"),
        pytest.param({"x-ratelimit-reset": "9" * 12}, Limits(None, LONGEST, None), id="in thirty thousand years"),
        pytest.param({"x-ratelimit-remaining": "-1"}, Limits(None, None, None), id="fewer than none"),
        pytest.param({"x-ratelimit-remaining": "9" * 40}, Limits(None, None, None), id="too many"),
        pytest.param(
            {"x-ratelimit-remaining": "0", "x-ratelimit-resource": "search"},
            Limits(None, None, None),
            id="of GitHub's searches",
        ),
        pytest.param(
            {"x-ratelimit-delay": "2.5", "x-ratelimit-remaining": "0", "x-ratelimit-resource": "Git"},
            Limits(0, None, 2.5),
            id="Azure holds back",
        ),
        pytest.param({"x-ratelimit-delay": "0"}, Limits(None, None, None), id="Azure does not"),
        pytest.param({"x-ratelimit-delay": "9", "retry-after": "30"}, Limits(None, None, 30), id="Azure says when"),
    ],
)
def test_limits_are_read_by_the_forges_own_clock(headers: dict[str, str], said: Limits) -> None:
    assert read(headers, NOW) == said


NAMES = ["retry-after", "date", "x-ratelimit-reset", "x-ratelimit-remaining", "ratelimit-reset", "x-ratelimit-delay"]


@given(
    st.dictionaries(st.sampled_from(NAMES), st.text(max_size=40) | st.integers(-10, 10**13).map(str)),
    st.floats(0, 1e10),
)
def test_whatever_is_said_a_wait_is_neither_nothing_nor_for_ever(headers: dict[str, str], at: float) -> None:
    said = read(headers, at)

    assert all(each is None or SHORTEST <= each <= LONGEST for each in (said.reset_in, said.pause))
    assert said.remaining is None or said.remaining >= 0


@pytest.mark.parametrize(
    ("status", "headers", "body", "limited"),
    [
        (429, {}, b"", True),
        (403, {}, b"", False),
        (403, {"x-ratelimit-remaining": "0"}, b"", True),
        (403, {"x-ratelimit-remaining": "10"}, b"", False),
        (403, {"retry-after": "1"}, b"", True),
        (403, {}, b"You have exceeded a secondary Rate Limit", True),
        (403, {}, b" " * 100_000 + b"rate limit", False),
        (404, {"retry-after": "1"}, b"rate limit", False),
        (200, {"x-ratelimit-remaining": "0"}, b"", False),
    ],
)
def test_a_refusal_for_the_limit_is_told_from_one_for_missing_rights(
    status: int, headers: dict[str, str], body: bytes, *, limited: bool
) -> None:
    assert is_limit(status, headers, body) is limited
