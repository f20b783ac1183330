import pytest
from hypothesis import given
from hypothesis import strategies as st

from picket.channel import durations
from picket.errors import Malformed


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("PT0.2S", 0.2),
        ("PT30S", 30),
        ("PT5M", 300),
        ("PT1H", 3600),
        ("PT1H30M15S", 5415),
        ("P1D", 86400),
        ("P1DT12H", 129600),
        ("P2W", 1209600),
        ("PT0S", 0),
    ],
)
def test_iso_8601_durations(text: str, seconds: float) -> None:
    assert durations.iso8601(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "P", "PT", "P1DT", "30s", "PT30", "T30S", "PT-1S", "P1M", "P1Y", "pt1s", "PT1S "])
def test_what_is_no_iso_8601_duration_of_fixed_length_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        durations.iso8601(text)


@given(st.integers(0, 400), st.integers(0, 23), st.integers(0, 59), st.integers(0, 59))
def test_iso_8601_parts_add_up(days: int, hours: int, minutes: int, seconds: int) -> None:
    expected = days * 86400 + hours * 3600 + minutes * 60 + seconds
    assert durations.iso8601(f"P{days}DT{hours}H{minutes}M{seconds}S") == expected


@given(st.text(alphabet="PTWDHMS0123456789. ", max_size=12))
def test_any_text_is_a_duration_or_refused(text: str) -> None:
    try:
        assert durations.iso8601(text) >= 0
    except Malformed:
        assert text not in {"PT1S", "P1D"}


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("24h", 86400), ("2m30s", 150), ("100ms", 0.1), ("1.5h", 5400), ("0", 0), ("0s", 0), ("5us", 5e-6), ("7ns", 7e-9)],
)
def test_go_durations(text: str, seconds: float) -> None:
    assert durations.go(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "24", "h", "1d", "-1s", "PT1S", "1 s"])
def test_what_is_no_go_duration_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        durations.go(text)
