"""Pages in the order of ids, merged from several ranges of one indexed field."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from picket.effects.mongo.client import Document, collection
from picket.findings.lists import END, Plan
from picket.findings.stored import Finding

_LEAST = 4
"""Documents that are read of a range at a time, at least."""


@dataclass(slots=True)
class _Range:
    """A range, what was read of it, where reading goes on, and whether all of it was read."""

    prefix: str
    last: str
    found: list[Finding] = field(default_factory=list)
    is_read: bool = False


def merged(plan: Plan, left: Document, after: str, limit: int) -> list[Finding]:
    """Return documents of a collection in the order of their ids.

    Args:
        plan: Its indexed field, in which a prefix comes before the id, and which ranges of it.
        left: Conditions that the ranges do not answer.
        after: Only documents whose id follows this one.
        limit: At most so many.
    """
    ranges: list[_Range] = [_Range(prefix, after) for prefix in plan.prefixes]
    size = max(_LEAST, 2 * limit // max(1, len(ranges)))
    behind = ranges
    while behind:
        for each in behind:
            _read(each, plan.field, size, left)
        # Nothing beyond the nearest end of what was read is known to be next.
        open_ends = [each.last for each in ranges if not each.is_read]
        horizon = min(open_ends) if open_ends else END
        ready = sorted((one for each in ranges for one in each.found if one["_id"] <= horizon), key=_id)
        if len(ready) >= limit:
            return ready[:limit]
        behind = [each for each in ranges if not each.is_read and each.last == horizon]
        size = min(2 * size, limit)
    return sorted((one for each in ranges for one in each.found), key=_id)[:limit]


def some(plan: Plan, left: Document, limit: int, fields: Sequence[str]) -> list[Finding]:
    """Return up to *limit* documents of ranges, in no order, with these fields only."""
    found: list[Finding] = []
    for prefix in plan.prefixes:
        between = {"$gt": prefix, "$lt": prefix + END}
        part = collection("findings", Finding).find({plan.field: between, **left}, dict.fromkeys(fields, 1))
        found += part.limit(limit - len(found))
        if len(found) == limit:
            break
    return found


def _read(each: _Range, by: str, size: int, left: Document) -> None:
    between = {"$gt": each.prefix + each.last, "$lt": each.prefix + END}
    some = list(collection("findings", Finding).find({by: between, **left}).sort(by, 1).limit(size))
    each.found += some
    each.is_read = len(some) < size
    each.last = some[-1]["_id"] if some else each.last


def _id(finding: Finding) -> str:
    return finding["_id"]
