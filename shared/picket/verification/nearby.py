"""What else a request needs, found near the secret: the other half of a pair, and the host."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice, product

from picket.verification.model import Verifier

_AROUND = 2_000
"""Characters before and behind the secret."""
_CANDIDATES = 3
"""Of one pair, the nearest."""
MOST_TRIES = 4
"""Combinations that are tried."""


@dataclass(frozen=True, slots=True)
class Around:
    """A text in which a secret stands, from *start* to *end*."""

    text: str = field(repr=False)
    start: int
    end: int

    @classmethod
    def of(cls, content: bytes, start: int, end: int) -> Around:
        """Return the text of *content*, in which a secret stands from byte *start* to *end*."""
        pieces = (content[:start], content[start:end], content[end:])
        before, secret, after = (piece.decode("utf-8", "replace") for piece in pieces)
        return cls(before + secret + after, len(before), len(before) + len(secret))

    def find(self, pattern: str) -> list[str]:
        """Return the different things that match *pattern* outside of the secret, the nearest first."""
        first = max(0, self.start - _AROUND)
        window = self.text[first : self.end + _AROUND]
        found: dict[str, int] = {}
        for match in re.finditer(pattern, window):
            group = 1 if match.re.groups else 0
            start, end = match.span(group)
            far = max(self.start - (first + end), first + start - self.end)
            if match[group] and far >= 0:
                found[match[group]] = min(far, found.get(match[group], far))
        return sorted(found, key=lambda each: (found[each], each))


def parts(verifier: Verifier, secret: str) -> dict[str, str] | None:
    """Return the named parts of a secret; None if it has not the shape that the verifier is for."""
    if not verifier.parts:
        return {}
    match = re.fullmatch(verifier.parts, secret)
    return {name: text or "" for name, text in match.groupdict().items()} if match else None


def combinations(verifier: Verifier, around: Around) -> Iterator[Mapping[str, str]]:
    """Return what may be the rest of a pair: all that the verifier wants, the nearest first; nothing if one lacks."""
    found = [[(name, text) for text in around.find(pair.regex)[:_CANDIDATES]] for name, pair in verifier.pairs.items()]
    return (dict(each) for each in islice(product(*found), MOST_TRIES))


def hosts(verifier: Verifier, around: Around) -> list[str]:
    """Return the hosts that stand near the secret, in lower case, the nearest first."""
    return list(dict.fromkeys(host.lower() for host in around.find(verifier.host.regex))) if verifier.host else []


def is_at_another_port(host: str, port: int, around: Around) -> bool:
    """Return whether a host that stands near the secret is named there with another port than *port*."""
    told = re.findall(rf"{re.escape(host)}:(\d{{1,5}})(?!\d)", around.text, re.IGNORECASE)
    return any(int(each) != port for each in told)
