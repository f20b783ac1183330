"""What somebody asks of a scan on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from picket.confidence import MIN_CONFIDENCE
from picket.records import dataclass
from picket.scanning.limits import DECODE_DEPTH, MAX_BLOB

Selection = Literal["all", "range", "branch", "staged", "pre-push", "pre-receive", "files"]

HOOKS = ("staged", "pre-push", "pre-receive")
STDIN = "-"
_URL_STARTS = ("https://", "http://", "ssh://", "git://", "file://", "git@")


def is_url(target: str) -> bool:
    """Return whether *target* names a repository elsewhere."""
    return target.startswith(_URL_STARTS)


@dataclass(frozen=True, slots=True)
class Order:
    """One scan.

    `value` is the range or branch, `remote` the name that git gives a pre-push hook; `fresh` ignores earlier scans;
    `pull_requests` looks at the refs of pull requests, too, `unreachable` at what no ref leads to; `allow_missing` lets
    a scan succeed that could not look at everything; `verify` has the providers asked about what is found.
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
    pull_requests: bool = False
    allow_missing: bool = False
    unreachable: bool = False
    verify: bool = False

    @property
    def remembers(self) -> bool:
        """Whether it can build on an earlier scan: not if it needs the secrets, or tells of every candidate."""
        whole = self.selection == "all" and not self.since and not is_url(self.target) and self.target != STDIN
        is_plain = self.redact and not self.explain and not self.write_baseline and not self.verify
        return whole and is_plain and not self.fresh and not self.unreachable
