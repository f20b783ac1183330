"""What a forge's answers say of its rate limits.

Source: https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api,
https://docs.gitlab.com/administration/settings/user_and_ip_rate_limits/#response-headers,
https://support.atlassian.com/bitbucket-cloud/docs/api-request-limits/,
https://learn.microsoft.com/en-us/azure/devops/integrate/concepts/rate-limits#api-client-experience
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

SHORTEST, LONGEST = 1.0, 6 * 3600.0
"""Seconds between which every wait lies, whatever a forge or its clock says."""
_SPAN = 10**8
"""What is smaller is a number of seconds, what is larger a time in Unix seconds."""
_LOOKED_AT = 64 * 1024
"""Bytes of a refusal that are searched."""
_COUNTED = frozenset({"", "core"})
"""GitHub counts searches and others apart; what is left of those says nothing of the rest."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What an answer says of the rate limit.

    Attributes:
        remaining: How many requests are left; None where it does not say.
        reset_in: In how many seconds there are all of them again; None where it does not say.
        pause: For how many seconds the forge wants to be left alone; None where it does not say.
    """

    remaining: int | None
    reset_in: float | None
    pause: float | None


def read(headers: Mapping[str, str], at: float) -> Limits:
    """Read the headers of an answer.

    Times are compared with the answer's own `Date`: the forge's clock may be another than ours.

    Args:
        headers: By lower-case name.
        at: Unix time at which it came, for an answer without a date.
    """
    clock = clock_of(headers, at)
    remaining = _whole(_either(headers, "remaining"))
    if headers.get("x-ratelimit-resource", "").lower() not in _COUNTED and "x-ratelimit-delay" not in headers:
        remaining = None
    reset, after = _either(headers, "reset"), headers.get("retry-after", "")
    reset_in = _bounded(_until(reset, clock)) if re.fullmatch(r"[0-9]{1,12}", reset) else None
    pause = _bounded(_seconds(after, clock)) if after else _delay(headers)
    return Limits(remaining, reset_in, pause)


def clock_of(headers: Mapping[str, str], at: float) -> float:
    """Return the time at which an answer was sent, by the forge's clock; *at* where it does not say."""
    date = _time(headers.get("date", ""))
    return at if date is None else date


def is_limit(status: int, headers: Mapping[str, str], body: bytes) -> bool:
    """Return whether a refusal is of one request too many: GitHub's have the status of missing rights."""
    if status == 429:  # noqa: PLR2004 - HTTP's too many requests
        return True
    told = _either(headers, "remaining") == "0" or "retry-after" in headers
    return status == 403 and (told or b"rate limit" in body[:_LOOKED_AT].lower())  # noqa: PLR2004 - HTTP's refusal


def _either(headers: Mapping[str, str], what: str) -> str:
    return headers.get(f"x-ratelimit-{what}", headers.get(f"ratelimit-{what}", ""))


def _whole(text: str) -> int | None:
    return int(text) if re.fullmatch(r"[0-9]{1,9}", text) else None


def _until(reset: str, clock: float) -> float:
    return float(reset) if int(reset) < _SPAN else int(reset) - clock


def _seconds(after: str, clock: float) -> float | None:
    if re.fullmatch(r"[0-9]{1,9}", after):
        return float(after)
    at = _time(after)
    return None if at is None else at - clock


def _delay(headers: Mapping[str, str]) -> float | None:
    """Return how long Azure DevOps held the request back: it asks for as much patience before the next one."""
    told = headers.get("x-ratelimit-delay", "")
    return _bounded(float(told)) if re.fullmatch(r"[0-9]{1,6}(?:\.[0-9]{1,9})?", told) and float(told) else None


def _time(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


def _bounded(seconds: float | None) -> float | None:
    return None if seconds is None else min(max(seconds, SHORTEST), LONGEST)
