"""Sets of ports: spans of each protocol, sorted, that neither overlap nor touch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from picket.exposure.policies import HIGHEST


class Span(NamedTuple):
    """Ports of a protocol, from the first to the last."""

    protocol: str
    first: int
    last: int


Ports = tuple[Span, ...]
ALL: Ports = tuple(Span(protocol, 1, HIGHEST) for protocol in ("SCTP", "TCP", "UDP"))


def merged(spans: Iterable[Span]) -> Ports:
    """Return the set of all ports of spans."""
    found: list[Span] = []
    for span in sorted(spans):
        if found and found[-1].protocol == span.protocol and span.first <= found[-1].last + 1:
            found[-1] = Span(span.protocol, found[-1].first, max(found[-1].last, span.last))
        else:
            found.append(span)
    return tuple(found)


def common(one: Ports, other: Ports) -> Ports:
    """Return the ports that are in both sets."""
    found: list[Span] = []
    left, right = 0, 0
    while left < len(one) and right < len(other):
        a, b = one[left], other[right]
        if a.protocol == b.protocol and max(a.first, b.first) <= min(a.last, b.last):
            found.append(Span(a.protocol, max(a.first, b.first), min(a.last, b.last)))
        if (a.protocol, a.last) <= (b.protocol, b.last):
            left += 1
        else:
            right += 1
    return tuple(found)


def contains(ports: Ports, protocol: str, number: int) -> bool:
    """Return whether a port is in a set."""
    return any(span.protocol == protocol and span.first <= number <= span.last for span in ports)


def names(ports: Ports) -> Sequence[str]:
    """Return how a set is written, a name for each span: `TCP/443`, `TCP/8000-8080`, `UDP/any`, or `any` for all."""
    return ["any"] if ports == ALL else [_name(span) for span in ports]


def _name(span: Span) -> str:
    if (span.first, span.last) == (1, HIGHEST):
        return f"{span.protocol}/any"
    return f"{span.protocol}/{span.first}" + (f"-{span.last}" if span.last > span.first else "")
