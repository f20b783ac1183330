"""When a repository is looked at unasked: cron expressions, time zones, and an offset of each repository's own."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from picket.errors import Malformed

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

MIN_MINUTES = 5
"""Least time between two slots of a schedule: how often the clock ticks."""
MAX_CRON_LENGTH = 100
MAX_JITTER_SECONDS = 86_400
# crontab(5): numbers, names of months and days, lists, ranges, steps; and of its extensions the last day of a month
# (L) and the n-th of a week's days (#). None of what depends on chance or a hash: the offset is there for that.
_FIELDS = re.compile(r"[0-9A-Za-z*/,#-]+(?: +[0-9A-Za-z*/,#-]+){4}")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WORDS = frozenset((*_MONTHS, "sun", "mon", "tue", "wed", "thu", "fri", "sat", "l"))
_ALIASES = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
# The tz database's names: https://data.iana.org/time-zones/theory.html#naming
_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+-]{0,31}(?:/[A-Za-z0-9_+-]{1,31}){0,2}")


@dataclass(frozen=True, slots=True)
class Schedule:
    """A repository is looked at when the cron expression says so in its time zone, and up to the jitter later.

    `kind` is that of the scans it asks for; `pull_requests` lets them look at the refs of pull requests, too.
    """

    name: str
    cron: str
    timezone: str = "UTC"
    jitter_seconds: int = 0
    kind: Literal["scheduled", "full"] = "scheduled"
    pull_requests: bool = False
    enabled: bool = True


def check(schedule: Schedule) -> None:
    """Refuse a schedule that cannot be kept.

    Raises:
        Malformed: Its expression or time zone is invalid, it never comes, or it comes more than every five minutes.
    """
    _zone(schedule.timezone)
    minutes, hours = _expanded(schedule.cron)[:2]
    if _closest(minutes, hours) < MIN_MINUTES:
        raise Malformed(f"the schedule comes more often than every {MIN_MINUTES} minutes")
    if not 0 <= schedule.jitter_seconds <= MAX_JITTER_SECONDS:
        raise Malformed(f"jitter is 0 to {MAX_JITTER_SECONDS} seconds")
    next_time(schedule, "", datetime(2000, 1, 1, tzinfo=UTC))


def next_time(schedule: Schedule, key: str, after: datetime) -> datetime:
    """Return when a schedule is next due.

    A time that the clocks leave out comes when they have moved on; one that they show twice comes the first time, but
    for schedules of every hour.

    Args:
        schedule: The schedule.
        key: Whose it is: decides how much of the jitter is added.
        after: Aware; what is returned is strictly later.

    Returns:
        Aware, in UTC.

    Raises:
        Malformed: The schedule is invalid, or never comes.
    """
    from croniter import CroniterBadDateError, croniter  # noqa: PLC0415 - only what asks for times needs it

    offset = timedelta(seconds=_offset(schedule, key))
    hours = _expanded(schedule.cron)[1]
    local = (after - offset).astimezone(_zone(schedule.timezone))
    slots = croniter(_spelled(schedule.cron), local)
    try:
        moment: datetime = slots.get_next(datetime)
        while moment.fold and hours != ["*"]:
            moment = slots.get_next(datetime)
    except CroniterBadDateError:
        raise Malformed("the schedule never comes") from None
    return moment.astimezone(UTC) + offset


def _offset(schedule: Schedule, key: str) -> int:
    """Spread keys evenly over the jitter, each always at the same place."""
    digest = hashlib.sha256(f"{key}|{schedule.name}".encode(errors="surrogateescape")).digest()
    return int.from_bytes(digest[:8]) % (schedule.jitter_seconds + 1)


def _spelled(cron: str) -> str:
    """Return the five fields of an expression.

    Raises:
        Malformed: It is not made of what is read here.
    """
    text = _ALIASES.get(cron.strip().lower(), cron.strip())
    if len(text) > MAX_CRON_LENGTH or not _FIELDS.fullmatch(text):
        raise Malformed("cron is five fields: minute, hour, day of the month, month, day of the week")
    if {word.lower() for word in re.findall("[A-Za-z]+", text)} - _WORDS:
        raise Malformed("cron holds a word that is no month and no day of the week")
    return text


def _expanded(cron: str) -> list[list[int | str]]:
    """Return what each field of an expression stands for; `["*"]` for every value.

    Raises:
        Malformed: It is no cron expression; says which part.
    """
    from croniter import CroniterError, croniter  # noqa: PLC0415 - see next_time

    text = _spelled(cron)
    try:
        fields: list[list[int | str]] = croniter.expand(text)[0]
    except (CroniterError, ValueError, KeyError, IndexError) as error:
        raise Malformed(f"cron: {error}"[:200]) from None
    return fields


def _closest(minutes: list[int | str], hours: list[int | str]) -> int:
    """Return the least minutes between two slots, within an hour or from one hour to the next."""
    if minutes == ["*"]:
        return 1
    wanted = sorted(int(minute) for minute in minutes)
    within = [later - earlier for earlier, later in pairwise(wanted)]
    each = set(range(24)) if hours == ["*"] else {int(hour) for hour in hours}
    if any((hour + 1) % 24 in each for hour in each):
        within.append(60 - wanted[-1] + wanted[0])
    return min(within, default=60)


def _zone(name: str) -> ZoneInfo:
    """Return a time zone.

    Raises:
        Malformed: No time zone has that name.
    """
    from zoneinfo import ZoneInfo  # noqa: PLC0415 - see next_time

    if _ZONE.fullmatch(name):
        try:
            return ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            pass
    raise Malformed("timezone is no name of the IANA database, such as Europe/Berlin")
