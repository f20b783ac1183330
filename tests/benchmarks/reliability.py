"""A reliability plot as SVG: of findings of some confidence, which share is right, with its interval."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 560, 400
LEFT, RIGHT, TOP, BOTTOM = 60, 540, 30, 340
LOW = 0.5
"""The confidence at the left edge; the right one is 1."""
_STYLE = """
  text { font: 13px sans-serif; fill: #24292f } line { stroke: #6e7781 } .grid { stroke: #d0d7de }
  .even { stroke-dasharray: 5 4 } .histories { fill: #0550ae; stroke: #0550ae } .made { fill: #9a6700; stroke: #9a6700 }
  .page { fill: #ffffff } text.histories, text.made { stroke: none }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } line { stroke: #8b949e } .grid { stroke: #30363d } .page { fill: #0d1117 }
    .histories { fill: #79c0ff; stroke: #79c0ff } .made { fill: #e3b341; stroke: #e3b341 }
  }
"""


class Point(NamedTuple):
    """A band: mean confidence, share that is right, the interval of that share, and how many findings."""

    confidence: float
    share: float
    least: float
    most: float
    findings: int


def drawing(series: Mapping[str, Sequence[Point]]) -> str:
    """Draw the points of each series, called by the classes of the style: circles, then squares."""
    said = "; ".join(
        f"{name}: " + ", ".join(f"{each.share:.0%} of {each.findings} at {each.confidence:.2f}" for each in points)
        for name, points in series.items()
    )
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="t d">',
        '<title id="t">Share of findings that are right, by confidence</title>',
        f'<desc id="d">{escape(said)}.</desc>',
        f"<style>{_STYLE}</style>",
        f'<rect class="page" width="{WIDTH}" height="{HEIGHT}"/>',
        *_frame(),
        *(mark for order, (name, points) in enumerate(series.items()) for mark in _marks(name, points, order)),
    ]
    return "\n".join([*lines, "</svg>"]) + "\n"


def _frame() -> Iterator[str]:
    for tenth in range(11):
        y = _y(tenth / 10)
        yield f'<line class="grid" x1="{LEFT}" y1="{y}" x2="{RIGHT}" y2="{y}"/>'
        if tenth % 2 == 0:
            yield f'<text x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{tenth * 10} %</text>'
    for tenth in range(round(LOW * 10), 11):
        yield f'<text x="{_x(tenth / 10)}" y="{BOTTOM + 20}" text-anchor="middle">{tenth / 10:.1f}</text>'
    yield f'<line class="even" x1="{LEFT}" y1="{_y(LOW)}" x2="{RIGHT}" y2="{_y(1)}"/>'
    yield f'<text x="{(LEFT + RIGHT) / 2}" y="{BOTTOM + 45}" text-anchor="middle">confidence</text>'
    yield f'<text x="{LEFT}" y="{TOP - 12}">right</text>'


def _marks(name: str, points: Sequence[Point], order: int) -> Iterator[str]:
    shift = 6 * order  # so that series do not hide each other
    for each in points:
        x, y = round(_x(each.confidence) + shift, 1), _y(each.share)
        yield f'<line class="{name}" x1="{x}" y1="{_y(each.least)}" x2="{x}" y2="{_y(each.most)}"/>'
        yield (
            f'<rect class="{name}" x="{x - 4}" y="{y - 4}" width="8" height="8"/>'
            if order
            else f'<circle class="{name}" cx="{x}" cy="{y}" r="5"/>'
        )
        if not order:
            yield f'<text class="{name}" x="{x - 8}" y="{y + 16}" text-anchor="end">{each.findings}</text>'
    sign = "■" if order else "●"
    yield f'<text class="{name}" x="{LEFT + 90 * order + 70}" y="{TOP - 12}">{sign} {escape(name)}</text>'


def _x(confidence: float) -> float:
    return round(LEFT + (confidence - LOW) / (1 - LOW) * (RIGHT - LEFT), 1)


def _y(share: float) -> float:
    return round(BOTTOM - share * (BOTTOM - TOP), 1)
