"""Lengths of time as manifests write them: ISO 8601 in a Trigger, Go's notation in a channel template."""

from __future__ import annotations

import re

from picket.errors import Malformed

# Weeks to seconds only: a month has no fixed length, so Knative's own parser is inexact there as well.
_ISO_8601 = re.compile(
    r"P(?=.)(?:(?P<weeks>\d+(?:\.\d+)?)W)?(?:(?P<days>\d+(?:\.\d+)?)D)?"
    r"(?:T(?=.)(?:(?P<hours>\d+(?:\.\d+)?)H)?(?:(?P<minutes>\d+(?:\.\d+)?)M)?(?:(?P<seconds>\d+(?:\.\d+)?)S)?)?",
    re.ASCII,
)
_ISO_UNITS = {"weeks": 604800.0, "days": 86400.0, "hours": 3600.0, "minutes": 60.0, "seconds": 1.0}

# Go's time.ParseDuration, without the sign.
_GO_PART = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)", re.ASCII)
_GO_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}


def iso8601(text: str) -> float:
    """Return the seconds of an ISO 8601 duration such as `PT0.2S` or `P1DT12H`.

    Raises:
        Malformed: *text* is not a duration, or it counts in months or years.
    """
    match = _ISO_8601.fullmatch(text)
    if match is None:
        raise Malformed(f"{text!r} is not an ISO 8601 duration such as PT0.2S or PT5M")
    return sum(float(number) * _ISO_UNITS[unit] for unit, number in match.groupdict().items() if number)


def go(text: str) -> float:
    """Return the seconds of a Go duration such as `24h` or `2m30s`.

    Raises:
        Malformed: *text* is not a duration.
    """
    if text == "0":
        return 0.0
    if not text or _GO_PART.sub("", text):
        raise Malformed(f"{text!r} is not a duration such as 24h or 2m30s")
    return sum(float(number) * _GO_UNITS[unit] for number, unit in _GO_PART.findall(text))
