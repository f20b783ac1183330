"""When a schedule comes, whatever the clocks do, and which ones are refused."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from picket.commits.schedule import MAX_JITTER_SECONDS, Schedule, check, next_time
from picket.errors import Malformed


def moments(schedule: Schedule, after: str, count: int, key: str = "h/o/r") -> list[str]:
    """Return the next times of *schedule*, in UTC without seconds."""
    at, found = datetime.fromisoformat(after).replace(tzinfo=UTC), []
    for _ in range(count):
        at = next_time(schedule, key, at)
        found.append(at.strftime("%m-%dT%H:%M"))
    return found


@pytest.mark.parametrize(
    ("cron", "timezone", "after", "expected"),
    [
        pytest.param("0 3 * * *", "UTC", "2026-01-01T03:00", ["01-02T03:00", "01-03T03:00"], id="strictly later"),
        pytest.param("*/5 * * * *", "UTC", "2026-01-01T00:00", ["01-01T00:05", "01-01T00:10"], id="often"),
        pytest.param("0 3 * * mon-fri", "UTC", "2026-01-02T12:00", ["01-05T03:00"], id="working days"),
        pytest.param("0 3 * * 1#1", "UTC", "2026-01-06T00:00", ["02-02T03:00"], id="first Monday"),
        pytest.param("0 3 L * *", "UTC", "2026-02-01T00:00", ["02-28T03:00"], id="last day"),
        pytest.param("0 0 29 2 *", "UTC", "2026-01-01T00:00", ["02-29T00:00"], id="leap day"),
        pytest.param("@daily", "UTC", "2026-01-01T01:00", ["01-02T00:00"], id="alias"),
        pytest.param("0 9 * * *", "Asia/Kolkata", "2026-01-01T00:00", ["01-01T03:30"], id="half an hour off"),
        # Berlin's clocks go from 02:00 to 03:00 on 2026-03-29, and from 03:00 to 02:00 on 2026-10-25.
        pytest.param("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00", ["03-29T01:00", "03-30T00:30"], id="gap"),
        pytest.param("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00", ["10-25T00:30", "10-26T01:30"], id="fold"),
        pytest.param("30 2 * * *", "Europe/Berlin", "2026-10-25T00:30", ["10-26T01:30"], id="between the two"),
        pytest.param(
            "0 * * * *", "Europe/Berlin", "2026-10-24T23:30", ["10-25T00:00", "10-25T01:00", "10-25T02:00"], id="hourly"
        ),
        pytest.param(
            "0 * * * *", "Europe/Berlin", "2026-03-28T23:30", ["03-29T00:00", "03-29T01:00", "03-29T02:00"], id="hours"
        ),
    ],
)
def test_the_next_times(cron: str, timezone: str, after: str, expected: list[str]) -> None:
    assert moments(Schedule("s", cron, timezone), after, len(expected)) == expected


@pytest.mark.parametrize(
    ("cron", "message"),
    [
        pytest.param("* * * * *", "more often", id="every minute"),
        pytest.param("*/4 * * * *", "more often", id="every four"),
        pytest.param("1,2 3 * * *", "more often", id="two in a row"),
        pytest.param("0,58 3,4 * * *", "more often", id="across the hour"),
        pytest.param("0,58 0,23 * * *", "more often", id="across midnight"),
        pytest.param("0 0 30 2 *", "never comes", id="30 February"),
        pytest.param("0 3 * *", "five fields", id="four fields"),
        pytest.param("0 0 3 * * *", "five fields", id="seconds"),
        pytest.param("0 3 * * * 2030", "five fields", id="years"),
        pytest.param("", "five fields", id="nothing"),
        pytest.param("@reboot", "five fields", id="reboot"),
        pytest.param("0 " * 60, "five fields", id="long"),
        pytest.param("0\n3 * * *", "five fields", id="line break"),
        pytest.param("٣ 3 * * *", "five fields", id="other digits"),
        pytest.param("H 3 * * *", "word", id="hashed"),
        pytest.param("R R * * *", "word", id="random"),
        pytest.param("60 3 * * *", "out of range", id="out of range"),
        pytest.param("*/0 3 * * *", "step", id="no step"),
        pytest.param("0-99999999 3 * * *", "out of", id="huge range"),
        pytest.param("jan 3 * * *", "not acceptable", id="a month of minutes"),
        pytest.param("- # , / *", "cron", id="signs"),
    ],
)
def test_a_schedule_that_cannot_be_kept_is_refused_with_the_reason(cron: str, message: str) -> None:
    with pytest.raises(Malformed, match=message) as caught:
        check(Schedule("s", cron))
    assert len(str(caught.value)) <= 200


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../../etc/passwd", "/etc/passwd", "", "America", "a" * 99, "U\0C"])
def test_a_time_zone_that_is_none_is_refused(zone: str) -> None:
    with pytest.raises(Malformed, match="IANA"):
        check(Schedule("s", "0 3 * * *", zone))


@pytest.mark.parametrize("jitter", [-1, MAX_JITTER_SECONDS + 1])
def test_jitter_is_bounded(jitter: int) -> None:
    with pytest.raises(Malformed, match="jitter"):
        check(Schedule("s", "0 3 * * *", jitter_seconds=jitter))


def test_ten_thousand_repositories_of_one_schedule_are_spread_evenly_and_each_keeps_its_place() -> None:
    schedule = Schedule("s", "0 3 * * *", jitter_seconds=3_599)
    start = datetime(2026, 1, 1, tzinfo=UTC)

    due = {f"h/o/r{n}": next_time(schedule, f"h/o/r{n}", start) for n in range(10_000)}

    assert {moment.hour for moment in due.values()} == {3}
    minutes = Counter(moment.minute for moment in due.values())
    assert len(minutes) == 60
    assert max(minutes.values()) < 2 * 10_000 / 60
    for name in list(due)[:20]:
        assert next_time(schedule, name, due[name]) == due[name] + timedelta(days=1)


@given(
    minute=st.integers(0, 59),
    hour=st.one_of(st.just("*"), st.integers(0, 23).map(str)),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"]),
    jitter=st.integers(0, MAX_JITTER_SECONDS),
    start=st.datetimes(datetime(2024, 1, 1), datetime(2028, 1, 1)),  # noqa: DTZ001 - made aware below
)
def test_times_go_forward_and_none_is_passed_over(
    minute: int, hour: str, zone: str, jitter: int, start: datetime
) -> None:
    schedule = Schedule("s", f"{minute} {hour} * * *", zone, jitter)
    first = next_time(schedule, "k", start.replace(tzinfo=UTC))
    second = next_time(schedule, "k", first)

    assert start.replace(tzinfo=UTC) < first < second
    assert next_time(schedule, "k", first - timedelta(microseconds=1)) == first
    # Where the clocks go back a daily slot is an hour later, where they go forward an hour earlier.
    assert second - first <= (timedelta(hours=26) if hour != "*" else timedelta(hours=2))


@given(st.text(alphabet="0123456789*/,-#LlHhRrjanmo @?\t", max_size=40))
def test_any_text_is_a_schedule_or_is_refused(cron: str) -> None:
    schedule = Schedule("s", cron)
    try:
        check(schedule)
    except Malformed:
        return
    assert next_time(schedule, "k", datetime(2026, 1, 1, tzinfo=UTC)) > datetime(2026, 1, 1, tzinfo=UTC)
