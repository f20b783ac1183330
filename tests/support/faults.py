"""What the fault tests count, kept in one file and shown as one table."""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

FILE = Path(__file__).parents[2] / "build" / "faults.json"
COLUMNS = ("fault", "done", "sent", "accepted", "found", "lost", "doubled", "states", "seconds")


@dataclass
class Row:
    """One fault and its counts.

    `done` says what was done to the stack and how often, `sent` counts the requests, repeated ones included, `accepted`
    the pushes answered 202; `lost` and `doubled` are planted secrets, compared one by one by repository, commit and
    path.
    """

    fault: str
    done: Counter[str] = field(default_factory=Counter)
    sent: int = 0
    accepted: int = 0
    found: int = 0
    lost: int = 0
    doubled: int = 0
    states: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    started: float = field(default_factory=time.monotonic)

    def write(self) -> None:
        """Put the row into the file, in the place of the one of an earlier run."""
        self.seconds = round(time.monotonic() - self.started, 1)
        rows = {**read(), self.fault: {name: getattr(self, name) for name in COLUMNS}}
        FILE.parent.mkdir(exist_ok=True)
        FILE.write_text(json.dumps(rows, indent=1))


def read() -> dict[str, dict[str, object]]:
    """Return the rows written so far, by fault."""
    return dict(json.loads(FILE.read_text())) if FILE.exists() else {}


def table(rows: dict[str, dict[str, object]]) -> str:
    """Return the rows as Markdown."""
    lines = [f"| {' | '.join(COLUMNS)} |", f"|{'---|' * len(COLUMNS)}"]
    lines += [f"| {' | '.join(_shown(row[name]) for name in COLUMNS)} |" for row in rows.values()]
    return "\n".join(lines)


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{count} {name}" for name, count in value.items()) or "none"
    return f"{value:,}" if isinstance(value, int) else str(value)


if __name__ == "__main__":
    sys.stdout.write(table(read()) + "\n")
