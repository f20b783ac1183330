"""Which findings are not shown, and why: doubtful ones, and those that somebody has accepted."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from picket.detection import Ruleset
from picket.effects.git.command import GitFailed, run
from picket.scanning.files import read_text
from picket.scanning.order import Order
from picket.scanning.result import ACCEPTED, DOUBTFUL, IGNORED
from picket.scanning.targets import Repository

if TYPE_CHECKING:
    from picket.scanning.findings import Finding
    from picket.scanning.known import Baseline

OWN_BASELINE = ".picketignore"
IGNORE_FILES = (".gitleaksignore", ".betterleaksignore")


class Sieve:
    """What *order* and the files at the top of *repository* say is not to be shown.

    Raises:
        Malformed: A baseline cannot be read; names the file.
    """

    def __init__(self, order: Order, repository: Repository | None) -> None:
        own = repository.top / OWN_BASELINE if repository and repository.top else None
        self.files = [*([order.baseline] if order.baseline else []), *([own] if own and own.exists() else [])]
        self.ignored = "\n".join(_text_at_top(repository, name) for name in IGNORE_FILES)
        self._baselines = list(_baselines(self.files))
        self._least = order.min_confidence

    def reasons(self, findings: Collection[Finding], ruleset: Ruleset) -> list[str]:
        """Say for each finding why it is not shown: one of `result.REASONS`, or nothing."""
        if not findings:
            return []
        hidden: set[bytes] = set()
        if self.ignored.strip():
            from picket.scanning.known import parse_fingerprints  # noqa: PLC0415 - few repositories have such a file

            hidden = parse_fingerprints(self.ignored, (rule.id for rule in ruleset.rules)).hide(findings)
        return [self._reason(finding, hidden) for finding in findings]

    def _reason(self, finding: Finding, hidden: set[bytes]) -> str:
        if any(baseline.knows(finding) for baseline in self._baselines):
            return ACCEPTED
        if finding.identity in hidden:
            return IGNORED
        return DOUBTFUL if finding.best.confidence < self._least else ""


def _baselines(paths: Iterable[Path]) -> Iterator[Baseline]:
    for path in paths:
        from picket.scanning.known import read_baseline  # noqa: PLC0415 - few scans have one

        yield read_baseline(path)


def _text_at_top(repository: Repository | None, name: str) -> str:
    """Read a file in the work tree, else in HEAD; empty when it is in neither."""
    if repository is None:
        return ""
    if repository.top is not None:
        path: Path = repository.top / name
        return read_text(path) if path.exists() else ""
    try:
        return run(repository.git_dir, "cat-file", "blob", f"HEAD:{name}").decode("utf-8", "replace")
    except GitFailed:  # there is no such file, or no commit yet
        return ""
