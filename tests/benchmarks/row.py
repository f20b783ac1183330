"""What the benchmarks say: one row for each budget of the design, as a table and as JSON."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

RATIO = "x"
_NOTE_WIDTH = 112


@dataclass(frozen=True, slots=True)
class Row:
    """One measurement.

    `value` is in `unit`, a ratio of two of the `figures` where that is `x`; None where nothing can be measured yet, and
    `note` then says why. `limit` is the budget: the most that `value` may be, or the least with `at_least`; a row
    without one only informs.
    """

    name: str
    measured: str
    value: float | None = None
    unit: str = RATIO
    limit: float | None = None
    at_least: bool = False
    figures: Mapping[str, float] = field(default_factory=dict)
    note: str = ""

    @property
    def verdict(self) -> str:
        """`ok` or `missed`; `info` without a budget, `later` without a value."""
        if self.value is None:
            return "later"
        if self.limit is None:
            return "info"
        kept = self.value >= self.limit if self.at_least else self.value <= self.limit
        return "ok" if kept else "missed"


def ratio(ours: float, theirs: float) -> float:
    """Divide what we take by what it is compared with.

    Raises:
        ValueError: There is nothing to compare with.
    """
    if theirs <= 0:
        raise ValueError(f"{theirs:g} is nothing to compare with")
    return ours / theirs


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the smallest of *values* that *percent* per cent of them do not exceed (nearest rank).

    Raises:
        ValueError: There are no values.
    """
    if not values:
        raise ValueError("no values, no percentile")
    rank = -(-len(values) * percent // 100)
    return sorted(values)[max(0, int(rank) - 1)]


def number(value: float) -> str:
    """Write a number with three digits that count."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def table(rows: Sequence[Row]) -> str:
    """Render rows for a terminal: a line each, what was measured below it."""
    width = max((len(row.name) for row in rows), default=4)
    lines = [f"{'what':<{width}}  {'value':>9}  {'budget':>10}  verdict"]
    for row in rows:
        value = "-" if row.value is None else f"{number(row.value)} {row.unit}"
        sign = "≥" if row.at_least else "≤"
        budget = "-" if row.limit is None else f"{sign} {number(row.limit)} {row.unit}"
        lines.append(f"{row.name:<{width}}  {value:>9}  {budget:>10}  {row.verdict}")
        figures = ", ".join(f"{name} {number(figure)}" for name, figure in row.figures.items())
        text = "; ".join(part for part in (row.measured, figures, row.note) if part)
        lines += textwrap.wrap(text, _NOTE_WIDTH, initial_indent="    ", subsequent_indent="    ")
    return "\n".join(lines)


def as_json(rows: Sequence[Row], machine: Mapping[str, Any]) -> dict[str, Any]:
    """Return rows as a JSON document."""
    return {
        "machine": dict(machine),
        "rows": [
            {
                "name": row.name,
                "measured": row.measured,
                "value": row.value,
                "unit": row.unit,
                "ratio": row.value if row.unit == RATIO else None,
                "budget": row.limit,
                "budget_is": "at least" if row.at_least else "at most",
                "verdict": row.verdict,
                "figures": dict(row.figures),
                "note": row.note,
            }
            for row in rows
        ],
    }
