"""Kinds of scans: what they are called, and what a former version called them.

What is sent and stored is in the former spelling for as long as revisions that know no other may run beside these, and
read in both; everything else, the API among it, says and takes today's.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

_FORMER = {"full": "integral", "push": "reactive", "group": "bulk"}
_TODAY = {former: today for today, former in _FORMER.items()}


def today(kind: str) -> str:
    """Return a kind of scans as it is called today; what is not known comes back as it is."""
    return _TODAY.get(kind, kind)


def former(kind: str) -> str:
    """Return a kind of scans as it is sent and stored."""
    return _FORMER.get(kind, kind)


def _read(kind: object) -> object:
    return today(kind) if isinstance(kind, str) else kind


ScanKind = Annotated[
    Literal["full", "scheduled", "push", "group"],
    BeforeValidator(_read),
    PlainSerializer(former),
    WithJsonSchema({"type": "string", "enum": ["full", "scheduled", "push", "group", *_TODAY]}),
]
RegularKind = Annotated[
    Literal["scheduled", "full"],
    BeforeValidator(_read),
    WithJsonSchema({"type": "string", "enum": ["scheduled", "full", "integral"]}),
]
"""Kinds that a schedule can ask for."""
