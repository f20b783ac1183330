"""Which hits stay: those whose required neighbours are there, and of several on one place the most specific."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence

from picket.detection.evidence import Blob
from picket.detection.model import RANK, Dropped, Hit, Required
from picket.detection.text import positions

Span = tuple[int, int]

EVEN = 0.5


def with_required(hits: Sequence[Hit], blob: Blob) -> tuple[list[Hit], list[Dropped]]:
    """Keep hits whose rule finds all the others it requires nearby; forget those only looked for on their behalf."""
    if not hits:
        return [], []
    needed = {required.rule for hit in hits for required in hit.rule.required}
    near = _Near([hit for hit in hits if hit.rule.required or hit.rule.id in needed], blob)
    kept, dropped = [], []
    for hit in hits:
        missing = next((each for each in hit.rule.required if not near.has(hit, each)), None)
        if missing:
            reason = f"no {missing.rule} near it, which its rule requires"
            dropped.append(Dropped(hit.rule.id, hit.start, hit.end, reason))
        elif not hit.rule.skip_report:
            kept.append(hit)
    return kept, dropped


class _Near:
    """Hits by rule and line, so that asking for a neighbour looks at the lines around only."""

    def __init__(self, hits: Sequence[Hit], blob: Blob) -> None:
        self._where = positions(blob.content, [hit.start for hit in hits])
        self._by_rule: defaultdict[str, list[Span]] = defaultdict(list)
        for hit in hits:
            self._by_rule[hit.rule.id].append(self._where[hit.start])
        for places in self._by_rule.values():
            places.sort()

    def has(self, hit: Hit, required: Required) -> bool:
        others = self._by_rule.get(required.rule, [])
        if required.within_lines is None and required.within_columns is None:
            return bool(others)
        line, column = self._where[hit.start]
        reach = len(self._where) if required.within_lines is None else required.within_lines
        if required.within_lines is not None:
            others = others[bisect_right(others, (line - reach, 0)) : bisect_right(others, (line + reach + 1, 0))]
        columns = required.within_columns
        return any(columns is None or abs(other - column) <= columns for _, other in others)


def most_specific(hits: Iterable[Hit], decoded: Iterable[Hit] = ()) -> tuple[list[Hit], list[Dropped]]:
    """Of hits that overlap keep the most specific; among equals the longer, the more confident.

    Args:
        hits: Found in the text as it stands.
        decoded: Found in text encoded in it. Several may stand on one place: that of the run that holds them all.

    Returns:
        The hits kept, by offset, and why the others were not; a decoded hit that only repeats one is not mentioned.
    """
    plain = list(hits)
    known = {(hit.start, hit.identity) for hit in plain}
    order = [(hit, False) for hit in plain]
    order += [(hit, True) for hit in decoded if (hit.start, hit.identity) not in known]
    order.sort(key=lambda each: _precedence(*each))
    spans: list[Span] = []
    kept: dict[Span, list[Hit]] = {}
    inside: defaultdict[Span, set[bytes]] = defaultdict(set)  # secrets decoded from one run
    dropped = []
    for hit, is_decoded in order:
        span = (hit.start, hit.end)
        place = bisect_right(spans, span)
        winner = next((each for each in spans[max(0, place - 1) : place + 1] if _overlap(each, span)), None)
        if winner is None:
            spans.insert(place, span)
            kept[span] = [hit]
        elif is_decoded and winner == span and inside[span]:
            kept[span] += [hit] if hit.identity not in inside[span] else []
        else:
            reason = f"{kept[winner][0].rule.id} is more specific about this place"
            dropped.append(Dropped(hit.rule.id, hit.start, hit.end, reason))
            continue
        if is_decoded:
            inside[span].add(hit.identity)
    return [hit for span in spans for hit in kept[span]], dropped


def _precedence(hit: Hit, is_decoded: bool) -> tuple[int, bool, int, float, int, str]:
    first = is_decoded and hit.rule.specificity == "generic"  # others know what their format looks like encoded
    return -_rank(hit), not first, hit.start - hit.end, -hit.confidence, hit.start, hit.rule.id


def _rank(hit: Hit) -> int:
    """Rank a hit by its rule; what only a word nearby tells, and tells against, knows less than any other."""
    doubted = hit.rule.specificity == "contextual" and hit.confidence < EVEN
    return -1 if doubted else RANK[hit.rule.specificity]


def _overlap(one: Span, two: Span) -> bool:
    return (one[0] < two[1] and two[0] < one[1]) or one == two
