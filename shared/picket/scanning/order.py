"""What somebody asks of a scan on this machine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Selection = Literal["all", "range", "branch", "staged", "pre-push", "pre-receive", "files"]

MAX_BLOB = 32 * 1024 * 1024
DECODE_DEPTH = 2
MIN_CONFIDENCE = 0.5


@dataclass(frozen=True, slots=True)
class Order:
    """One scan.

    `value` is the range or branch, `remote` the name that git gives a pre-push hook; `fresh` makes nothing of earlier
    scans.
    """

    target: str = "."
    selection: Selection = "all"
    value: str = ""
    since: str = ""
    remote: str = ""
    rules: Path | None = None
    baseline: Path | None = None
    write_baseline: Path | None = None
    jobs: int = 1
    max_blob: int = MAX_BLOB
    decode_depth: int = DECODE_DEPTH
    archives: bool = False
    min_confidence: float = MIN_CONFIDENCE
    redact: bool = True
    explain: bool = False
    fresh: bool = False
