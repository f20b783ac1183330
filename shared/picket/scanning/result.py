"""What a scan on this machine comes to, as the JSON that every format is made from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from picket.changes import shown_place
from picket.detection.pointers import ELSEWHERE
from picket.records import dataclass
from picket.scanning.work import SUBMODULE, Problem

Json = dict[str, Any]
_SHOWN_DIGITS = 12

DOUBTFUL, ACCEPTED, IGNORED = REASONS = ("below_min_confidence", "in_baseline", "ignored")
"""Why a finding is not shown."""

SEVERITIES = ("critical", "high", "medium", "low", "info")


@dataclass(frozen=True, slots=True)
class Seen:
    """What was looked at and found: of one scan, or of all of a repository's that *tips* lead to."""

    tips: frozenset[str] = frozenset()
    findings: Sequence[Json] = ()
    errors: Sequence[Json] = ()
    commits: int = 0
    blobs: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class RestsOn:
    """What a result depends on: a git directory, what its refs were before anything was looked at, and files."""

    git_dir: str
    refs: Sequence[str]
    files: Sequence[str]


@dataclass(frozen=True, slots=True)
class Result:
    """Findings as documents, what was looked at, what could not be, and (with `--explain`) what was dropped and why.

    `rests_on` is all that it depends on; None where more went into it.
    """

    findings: list[Json]
    stats: Json
    errors: list[Json]
    dropped: list[Json]
    rests_on: RestsOn | None = None
    allow_missing: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether all was looked at that was asked for, limits apart."""
        return all(error["is_limit"] for error in self.errors)

    @property
    def succeeded(self) -> bool:
        """Whether what was found stands for what was asked for, or somebody said that less will do."""
        return self.is_whole or self.allow_missing

    @property
    def document(self) -> Json:
        """The whole as one JSON object."""
        told = {"findings": self.findings, "stats": self.stats, "errors": self.errors}
        return {**told, "dropped": self.dropped} if self.dropped else told


def result_of(
    findings: Sequence[Json], stats: Json, errors: Sequence[Json], dropped: Sequence[Json], *, allow_missing: bool
) -> Result:
    """Put a result together.

    Args:
        findings: Documents, those that are not to be shown marked so.
        stats: What was looked at.
        errors: What could not be.
        dropped: Candidates that came to nothing; with them come the findings that are not shown.
        allow_missing: Whether a scan that could not look at everything counts as a success.
    """
    counts = {reason: sum(finding["hidden"] == reason for finding in findings) for reason in REASONS}
    shown = [{**finding} for finding in sorted(findings, key=gravest_first) if not finding["hidden"]]
    for finding in shown:
        del finding["hidden"]
    return Result(shown, stats | counts, list(errors), list(dropped), allow_missing=allow_missing)


def gravest_first(finding: Json) -> tuple[int, float, str, str, int]:
    """Order findings by severity, then confidence, rule and place."""
    severity = SEVERITIES.index(finding["severity"])
    return (severity, -finding["confidence"], finding["rule"], finding["path"], finding["start_line"])


def most_telling(finding: Json) -> tuple[float, int, str]:
    """Order evidence by confidence, then severity, then rule."""
    return (-finding["confidence"], SEVERITIES.index(finding["severity"]), finding["rule"])


def place_of(finding: Json) -> str:
    """Return where a finding stands, for a person: of a blob that no commit holds, its id."""
    if not finding["path"] and finding.get("blob"):
        return shown_place(f"(blob {finding['blob'][:_SHOWN_DIGITS]})", finding["start_line"])
    return shown_place(finding["path"], finding["start_line"])


def problem_documents(problems: Iterable[Problem]) -> list[Json]:
    """Describe what was not scanned."""
    return [
        {
            "path": each.path,
            "blob": each.blob,
            "reason": each.reason,
            "is_limit": each.is_limit,
            **({"source": each.source} if each.source else {}),
        }
        for each in problems
    ]


def elsewhere(errors: Iterable[Json]) -> Json:
    """Count the paths of what is kept elsewhere and was not looked at."""
    named = {(each["reason"], each["path"]) for each in errors}
    reasons = Counter(reason for reason, _ in named)
    return {"lfs_files": reasons[ELSEWHERE], "submodules": reasons[SUBMODULE]}


def hidden_documents(findings: Iterable[Json]) -> list[Json]:
    """Describe the findings that are not shown, as candidates that were dropped."""
    return [
        {"path": each["path"], "line": each["start_line"], "rule": each["rule"], "reason": _WORDS[each["hidden"]]}
        for each in findings
        if each["hidden"]
    ]


_WORDS = {
    DOUBTFUL: "below the least confidence",
    ACCEPTED: "its secret is in a baseline",
    IGNORED: "an ignore file names it",
}
