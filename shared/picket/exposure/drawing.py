"""A small SVG of flows: a box for each namespace, the workloads in it, and the internet above them.

It takes its colours from the page: `currentColor`, and classes that a page may style. Nothing in it runs or loads.
"""

from __future__ import annotations

import re
from html import escape
from itertools import groupby

from picket.exposure.flows import INTERNET, Flow, Picture

_COLUMNS = 4
_WIDTH, _HEIGHT, _GAP = 200, 26, 14
"""Of a workload's box, in pixels, and between two."""
_TOP = 70
_SHOWN = 26
"""Characters of a name that fit into a box."""
_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_Spot = tuple[int, int]


def draw(picture: Picture) -> str:
    """Return a picture as SVG."""
    boxes, spots, width, height = _laid_out(picture)
    spots[INTERNET] = (max(0, (width - _WIDTH) // 2), 10)
    parts = [*boxes, _box(INTERNET, "internet", spots[INTERNET], "flows-internet")]
    for name in picture.workloads:
        style = "flows-unknown" if name in picture.unknown else "flows-open" if name in picture.open else "flows-closed"
        parts.append(_box(name, name.split("/", 1)[-1], spots[name], style))
    parts += [_arrow(flow, spots[flow.source], spots[flow.target]) for flow in picture.flows]
    if picture.more or picture.more_flows:
        said = f"{picture.more} workloads and {picture.more_flows} flows more are not shown"
        parts.append(_text(said, (4, height + 16)))
    size = f'viewBox="0 0 {width} {height + 24}" width="{width}" height="{height + 24}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="flows" {size} role="img" aria-label="Who may reach whom" '
        'fill="none" stroke="currentColor" font-family="sans-serif" font-size="11">'
        '<defs><marker id="flows-tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" '
        'orient="auto-start-reverse"><path d="M0 0L8 4L0 8z" fill="currentColor" stroke="none"/></marker></defs>'
        f"{''.join(parts)}</svg>"
    )


def _laid_out(picture: Picture) -> tuple[list[str], dict[str, _Spot], int, int]:
    """Return the boxes of namespaces, where each workload is, and how wide and high all of it is."""
    boxes: list[str] = []
    spots: dict[str, _Spot] = {}
    left, top, row, width = _GAP, _TOP, 0, _WIDTH + 4 * _GAP
    groups = [(name, list(each)) for name, each in groupby(picture.workloads, key=lambda one: one.partition("/")[0])]
    for number, (namespace, names) in enumerate(groups):
        if number and number % _COLUMNS == 0:
            left, top, row = _GAP, top + row + 3 * _GAP, 0
        height = 24 + len(names) * (_HEIGHT + _GAP)
        boxes.append(
            f'<g class="flows-namespace"><rect x="{left}" y="{top}" width="{_WIDTH + 2 * _GAP}" height="{height}" '
            f'rx="6" stroke-opacity="0.5"/>{_text(_clipped(namespace), (left + _GAP, top + 16))}</g>'
        )
        for index, name in enumerate(names):
            spots[name] = (left + _GAP, top + 24 + index * (_HEIGHT + _GAP))
        row = max(row, height)
        left += _WIDTH + 5 * _GAP
        width = max(width, left)
    return boxes, spots, width, top + row + _GAP


def _box(name: str, label: str, spot: _Spot, style: str) -> str:
    x, y = spot
    dashes = {"flows-open": ' stroke-dasharray="5 3"', "flows-unknown": ' stroke-dasharray="1 3"'}.get(style, "")
    told = {"flows-open": ": no policy says who may come in", "flows-unknown": ": unknown"}.get(style, "")
    return (
        f'<g class="{style}"><title>{_escaped(name + told)}</title><rect x="{x}" y="{y}" width="{_WIDTH}" '
        f'height="{_HEIGHT}" rx="4"{dashes}/>{_text(_clipped(label), (x + 8, y + 17))}</g>'
    )


def _arrow(flow: Flow, source: _Spot, target: _Spot) -> str:
    """Return an arrow: between columns from side to side, within one as an arc beside it."""
    (x1, y1), (x2, y2) = source, target
    y1, y2 = y1 + _HEIGHT // 2, y2 + _HEIGHT // 2
    if INTERNET in {flow.source, flow.target}:
        x1, x2 = x1 + _WIDTH // 2, x2 + _WIDTH // 2
        y1, y2 = (
            (y1 + _HEIGHT // 2, y2 - _HEIGHT // 2)
            if flow.source == INTERNET
            else (y1 - _HEIGHT // 2, y2 + _HEIGHT // 2)
        )
        path = f"M{x1} {y1}L{x2} {y2}"
    elif x1 == x2:
        path = f"M{x1 + _WIDTH} {y1}Q{x1 + _WIDTH + 3 * _GAP} {(y1 + y2) // 2} {x2 + _WIDTH} {y2}"
    else:
        x1, x2 = (x1 + _WIDTH, x2) if x1 < x2 else (x1, x2 + _WIDTH)
        path = f"M{x1} {y1}L{x2} {y2}"
    said = _escaped(f"{flow.source} to {flow.target}: {flow.ports}")
    return f'<path class="flows-flow" d="{path}" marker-end="url(#flows-tip)"><title>{said}</title></path>'


def _text(text: str, spot: _Spot) -> str:
    return f'<text x="{spot[0]}" y="{spot[1]}" fill="currentColor" stroke="none">{_escaped(text)}</text>'


def _clipped(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def _escaped(text: str) -> str:
    return escape(_NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text))
