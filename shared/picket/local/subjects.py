"""NATS subjects that carry an event's type, so that the server can spare a Trigger what it does not want."""

from __future__ import annotations

import re

from picket.local.filters import Filter, TypePattern, admitted_types

# A token may hold anything but white space, the wildcards and the separator; this is the safe part of that.
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]")


def _token(text: str) -> str:
    """Write *text* as one token. An empty one is not allowed in a subject."""
    return _UNSAFE.sub(lambda found: f"%{ord(found[0]):X}", text) or "%"


def subject(base: str, event_type: str) -> str:
    """Return the subject under *base* that events of *event_type* are published on."""
    return ".".join((base, *map(_token, event_type.split("."))))


def _covering(base: str, pattern: TypePattern) -> str:
    """Return a subject pattern that covers all types of *pattern*, and perhaps more."""
    if not pattern.prefix:
        return subject(base, pattern.value)
    whole = pattern.value.split(".")[:-1]  # what follows the last dot may be half a token
    return ".".join((base, *map(_token, whole), ">"))


def _covers(wide: str, narrow: str) -> bool:
    return wide != narrow and wide.endswith(".>") and narrow.startswith(wide[:-1])


def filter_subjects(base: str, chosen: Filter) -> tuple[str, ...]:
    """Return the subject patterns a consumer needs for *chosen*; they never overlap, as the server demands."""
    types = admitted_types(chosen)
    if types is None:
        return (f"{base}.>",)
    patterns = {_covering(base, pattern) for pattern in types}
    return tuple(sorted(one for one in patterns if not any(_covers(other, one) for other in patterns)))
