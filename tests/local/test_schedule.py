from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from picket.local.delivery import Destination
from picket.local.resources import PingSource
from picket.local.schedule import next_time, ping


def source(schedule: str, timezone: str | None = None) -> PingSource:
    zone = ZoneInfo(timezone) if timezone else None
    return PingSource("it", "sample", schedule, zone, "application/json", b"{}", Destination(""), {"zone": "eu"})


@pytest.mark.parametrize(
    ("schedule", "timezone", "after", "due"),
    [
        ("* * * * *", None, "2026-01-01T00:00:00", "2026-01-01T00:01:00"),
        ("* * * * *", None, "2026-01-01T00:00:59.9", "2026-01-01T00:01:00"),
        ("0 9 * * 1", None, "2026-01-01T00:00:00", "2026-01-05T09:00:00"),
        ("0 9 * * *", "Europe/Berlin", "2026-01-01T00:00:00", "2026-01-01T08:00:00"),
        ("0 9 * * *", "Europe/Berlin", "2026-07-01T00:00:00", "2026-07-01T07:00:00"),
    ],
)
def test_the_next_time(schedule: str, timezone: str | None, after: str, due: str) -> None:
    moment = datetime.fromisoformat(after).replace(tzinfo=UTC)
    assert next_time(source(schedule, timezone), moment) == datetime.fromisoformat(due).replace(tzinfo=UTC)


def test_the_event_is_the_one_of_knatives_pingsource() -> None:
    event = ping(source("* * * * *"), datetime(2026, 1, 1, tzinfo=UTC))
    assert event.data == b"{}"
    assert event.attributes == {
        "specversion": "1.0",
        "id": "sample/it/2026-01-01T00:00:00+00:00",
        "source": "/apis/v1/namespaces/sample/pingsources/it",
        "type": "dev.knative.sources.ping",
        "time": "2026-01-01T00:00:00Z",
        "datacontenttype": "application/json",
        "zone": "eu",
    }
