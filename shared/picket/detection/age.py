"""Which of a secret's occurrences is its oldest: one order for the pipeline and for scans on this machine."""

from __future__ import annotations

from datetime import UTC, datetime

_BELOW_ANY_PATH = "\x01"
"""Separates the parts: no path holds a smaller character, so a path comes before those that begin with it."""


def rank(committed: str, sha: str, path: str, line: int, column: int) -> str:
    """Return text that sorts occurrences: oldest commit first, within a commit by path in byte order, then by place.

    Commits of the same second are in the order of their ids: batches are scanned in any order, so nothing else that
    all scans know tells them apart.

    Args:
        committed: The commit's date as recorded, RFC 3339 with any offset.
        sha: The commit's id (hex).
        path: Where the secret stands.
        line: Its line, from 1.
        column: Its column, from 1.
    """
    return _BELOW_ANY_PATH.join((instant(committed), sha, path, f"{line:09d}", f"{column:09d}"))


def instant(committed: str) -> str:
    """Return a date in UTC, to the second; empty, which sorts first, for what is not a date.

    A dot follows the month: the one-machine store compares text that looks like a date by its second alone. Ranks of
    earlier versions have a dash there and so sort before others of the same month.
    """
    try:
        moment = datetime.fromisoformat(committed).astimezone(UTC).isoformat(timespec="seconds")
    except (ValueError, OverflowError):
        return ""
    return f"{moment[:7]}.{moment[8:19]}Z"
