"""RE2 itself, for the patterns of a team: in linear time whatever they are, and with Go's syntax and meaning.

Python's `re`, which matches the shipped rules, takes exponential time for some patterns, and nobody here has read a
team's. RE2 is imported only where such a pattern is.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from picket.errors import Malformed


class Linear:
    """A pattern in RE2, on bytes. Its matches are RE2's own, which have the methods of `re.Match`.

    Args:
        pattern: RE2 syntax.
        before: Inside of a character class that must not stand right before the match; empty for no condition.
        after: The same for right after it.

    Raises:
        Malformed: RE2 does not hold it; names the reason.
    """

    def __init__(self, pattern: str, before: str = "", after: str = "") -> None:
        self._pattern = _compiled(pattern)
        self._before = _compiled(f"[{before}]") if before else None
        self._after = _compiled(f"[{after}]") if after else None

    @property
    def groups(self) -> int:
        """How many groups the pattern has."""
        return int(self._pattern.groups)

    def search(self, content: bytes, first: int = 0, limit: int | None = None, /) -> re.Match[bytes] | None:
        """Return the first match that starts at *first* or later and ends before *limit*."""
        limit = len(content) if limit is None else limit
        while first <= limit:
            match: re.Match[bytes] | None = self._pattern.search(content, first, limit)
            if match is None or self._stands_alone(content, match):
                return match
            first = match.start() + 1
        return None

    def match(self, content: bytes, first: int = 0, limit: int | None = None, /) -> re.Match[bytes] | None:
        """Return the match that starts at *first* and ends before *limit*."""
        match: re.Match[bytes] | None = self._pattern.match(content, first, len(content) if limit is None else limit)
        return match if match and self._stands_alone(content, match) else None

    def _stands_alone(self, content: bytes, match: re.Match[bytes]) -> bool:
        start, end = match.start(), match.end()
        if self._before and self._before.match(content[max(0, start - 1) : start]):
            return False
        return not (self._after and self._after.match(content[end : end + 1]))


Matcher = Linear | re.Pattern[bytes]
"""A compiled pattern, a team's or a shipped one."""


@lru_cache(maxsize=4096)
def linear(pattern: str) -> Linear:
    """Compile a pattern once; for paths and allow-lists, which are tried again and again."""
    return Linear(pattern)


def _compiled(pattern: str) -> Any:  # noqa: ANN401 - a C type
    import re2  # noqa: PLC0415 - see the module's docstring

    options = re2.Options()
    options.log_errors = False
    options.encoding = re2.Options.Encoding.LATIN1  # blobs are bytes
    try:
        return re2.compile(pattern.encode(), options)
    except re2.error as error:
        reason = error.args[0] if error.args else "RE2 does not hold it"
        raise Malformed(reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)) from None
