"""Blocks of addresses: which of them are as much as the internet.

Policies see addresses after translation, where there is any, and that is the cluster's own affair: nothing here says
that a block of private addresses is some pods or nodes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache

from picket.exposure.policies import Block, network

_PRIVATE = (
    *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
    *("192.0.0.0/24", "192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/3"),
    *("::/3", "4000::/2", "8000::/1"),
)
"""What is not routed on the internet. Source: IANA's registries of special-purpose addresses; of IPv6 2000::/3 is."""
_SHARE = 8
"""Bits: a 256th of all addresses, as much as a /8 of IPv4, counts as the internet."""

_Range = tuple[int, int]


def is_internet(blocks: Sequence[Block]) -> bool:
    """Return whether blocks have together so many public addresses of IPv4 or of IPv6 that they are the internet."""
    return any(_public(blocks, version) >= 2 ** (bits - _SHARE) for version, bits in ((4, 32), (6, 128)))


def _public(blocks: Sequence[Block], version: int) -> int:
    """Return how many public addresses of a version are in blocks."""
    ranges: list[_Range] = []
    for block in blocks:
        if network(block.cidr).version == version:
            excepted = [_range(each) for each in block.excepted]
            ranges += _without(_range(block.cidr), [*excepted, *_private(version)])
    return sum(last - first + 1 for first, last in _joined(ranges))


@cache
def _private(version: int) -> tuple[_Range, ...]:
    return tuple(_range(each) for each in _PRIVATE if network(each).version == version)


def _range(cidr: str) -> _Range:
    found = network(cidr)
    return int(found.network_address), int(found.broadcast_address)


def _joined(ranges: Iterable[_Range]) -> list[_Range]:
    found: list[_Range] = []
    for first, last in sorted(ranges):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return found


def _without(whole: _Range, taken: Iterable[_Range]) -> list[_Range]:
    """Return what is left of a range."""
    found, begin = list[_Range](), whole[0]
    for first, last in _joined(taken):
        if first > begin and first <= whole[1]:
            found.append((begin, first - 1))
        begin = max(begin, last + 1)
    if begin <= whole[1]:
        found.append((begin, whole[1]))
    return found
