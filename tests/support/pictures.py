"""`make docs`: the pictures in documents, drawn from Triggers, tables and import contracts."""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Callable, Iterable

from tests.support.deployment import ROOT, subscriptions

from picket.commits import lifecycle
from picket.findings.life import MOVES

DOCUMENTS = ("shared/ARCHITECTURE.md", "triggers/README.md")
_ENDS = {"Failed", "Cancelled"}
"""States that every open one can lead to: text says so, and arrows would hide the rest."""
_PICTURE = re.compile(r"(<!-- picture: (\w+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)


def _events() -> str:
    """Draw which function gets which events."""
    lines = ["flowchart LR"]
    for function, types in sorted(subscriptions().items()):
        for number, name in enumerate(sorted(types)):
            shown = name.removeprefix("dev.picket.").removesuffix(".v1")
            lines.append(f'    {function}{number}(["{shown}"]) --> {function}[{function}]')
    return "\n".join(lines)


def _states(moves: Iterable[lifecycle.Move]) -> str:
    """Draw the moves of a scan or batch."""
    lines = [f"    {move.source} --> {move.target}: {move.when}" for move in moves if move.target not in _ENDS]
    return "\n".join(["stateDiagram-v2", *dict.fromkeys(lines)])


def _finding() -> str:
    """Draw the moves of a finding, and who makes them."""
    names = {"false-positive": "falsePositive"}
    lines = ["stateDiagram-v2", '    state "false-positive" as falsePositive', "    [*] --> open"]
    for (start, to), actors in MOVES.items():
        lines.append(f"    {names.get(start, start)} --> {names.get(to, to)}: {', '.join(sorted(actors))}")
    return "\n".join(lines)


def _layers() -> str:
    """Draw which packages may import which: each those below it."""
    [layers] = [
        contract["layers"]
        for contract in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
        if contract["type"] == "layers"
    ]
    shown = [each.replace("picket.", "").replace(" | ", ", ") for each in layers]
    nodes = [f'    layer{number}["{text}"]' for number, text in enumerate(shown)]
    arrows = [f"    layer{number} --> layer{number + 1}" for number in range(len(shown) - 1)]
    return "\n".join(["flowchart TD", *nodes, *arrows])


PICTURES: dict[str, Callable[[], str]] = {
    "events": _events,
    "scan": lambda: _states(lifecycle.SCAN),
    "batch": lambda: _states(lifecycle.BATCH),
    "finding": _finding,
    "layers": _layers,
}


def drawn(text: str) -> str:
    """Return a document with its pictures as they should be."""
    return _PICTURE.sub(lambda found: f"{found[1]}```mermaid\n{PICTURES[found[2]]()}\n```\n{found[4]}", text)


def main() -> None:
    """Write the pictures; say which documents changed."""
    for name in DOCUMENTS:
        path = ROOT / name
        before = path.read_text()
        path.write_text(drawn(before))
        sys.stdout.write(f"{name}: {'drawn anew' if path.read_text() != before else 'as it was'}\n")


if __name__ == "__main__":
    main()
