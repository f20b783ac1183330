"""What an earlier scan of a repository came to, so that the next one looks only at what is new.

Kept are findings as they are shown (never a secret), for one set of rules and options. Commits that no ref leads to any
more take their occurrences with them.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Any

from picket.commits import refs
from picket.detection.age import rank
from picket.detection.caching import read, write_atomically
from picket.effects.git.command import GitFailed, run
from picket.effects.git.objects import Absent, common_dir
from picket.records import dataclass, replace
from picket.scanning.environment import cache_dir
from picket.scanning.files import read_text
from picket.scanning.lfs import has_come
from picket.scanning.order import Order
from picket.scanning.result import ACCEPTED, IGNORED, Json, Seen, most_telling
from picket.scanning.revisions import Revisions, shallow_commits
from picket.scanning.sieve import Sieve

VERSION = 5
_BROKEN = re.compile(r"ignoring (?:ref with broken name|broken ref|dangling symref) (\S+)")
_EVIDENCE = (
    *("rule", "description", "provider", "credential", "severity", "confidence", "reasons", "redacted"),
    *("entropy", "tags", "remediation", "doc_url"),
)


def place(git_dir: Path, order: Order, digest: str, sieve: Sieve, key: bytes) -> Path:
    """Name the file for one repository under one set of rules and options."""
    options = replace(order, target="", jobs=1, rules=None, baseline=None, allow_missing=False)
    said = [VERSION, str(git_dir.resolve()), repr(options), digest, sieve.ignored, hashlib.sha256(key).hexdigest()]
    said += [read_text(path) for path in sieve.files]
    said += sorted(shallow_commits(git_dir))  # a history that is cut off elsewhere is another one
    return cache_dir() / "scans" / f"{hashlib.sha256(json.dumps(said).encode()).hexdigest()}.json"


@dataclass(frozen=True, slots=True)
class Tips:
    """What the refs that a scan looks at and the HEADs of work trees lead to.

    `refs` counts those refs, `left_out` those of pull requests that are not looked at; `broken` are names of refs that
    git passes over, `tags` what of the objects is no commit: annotated tags, tagged files and folders.
    """

    objects: frozenset[str]
    refs: int
    left_out: int
    broken: tuple[str, ...] = ()
    tags: frozenset[str] = frozenset()


def tips_of(told: Sequence[str], *, pull_requests: bool) -> Tips:
    """Read what `heads.refs_of` tells."""
    listed, warned, _, *heads = told
    lines = [line.split(" ", 2) for line in listed.split("\n") if line]
    looked_at = [(oid, kind) for oid, kind, name in lines if refs.is_looked_at(name, pull_requests=pull_requests)]
    objects = [oid for oid, _ in looked_at]
    detached = (head.strip() for head in heads if head and not head.startswith("ref:"))
    broken = tuple(_BROKEN.findall(warned))
    tags = frozenset(oid for oid, kind in looked_at if kind != "commit")
    return Tips(frozenset(objects).union(detached), len(objects), len(lines) - len(objects), broken, tags)


def recall(path: Path) -> Seen | None:
    """Read what was kept; None when there is nothing, or something else."""
    try:
        stored = json.loads(read(path) or b"null")
        return Seen(
            frozenset(stored["tips"]),
            list(stored["findings"]),
            list(stored["errors"]),
            int(stored["commits"]),
            int(stored["blobs"]),
            int(stored["bytes"]),
        )
    except (KeyError, TypeError, ValueError):
        return None


def keep(path: Path, seen: Seen) -> None:
    """Keep what is known now."""
    document: dict[str, Any] = {name: getattr(seen, name) for name in Seen.__slots__}
    write_atomically(path, json.dumps(document | {"tips": sorted(seen.tips)}).encode())


def since_then(git_dir: Path, seen: Seen | None, tips: frozenset[str], whole: Revisions) -> tuple[Revisions, Seen]:
    """Say what is new, and what of the earlier scan still holds.

    Args:
        git_dir: The repository.
        seen: What is known.
        tips: What its refs lead to now.
        whole: All commits.

    Returns:
        The commits to look at, and *seen* without what is gone; all commits and nothing, where that cannot be told.
    """
    if seen is None:
        return whole, Seen()
    new, lost = tips - seen.tips, seen.tips - tips
    if any(error["reason"] == Absent.MISSING.value for error in seen.errors) or (lost and seen.errors):
        return whole, Seen()  # what was missing may be there now, and what was too large may be gone
    if has_come(common_dir(git_dir), seen.errors):
        return whole, Seen()
    try:
        # Git's own `^` stops early where dates are out of order, and would name commits that are still there.
        # What was lost counts by itself, too: no list of commits names an annotated tag.
        gone = (_listed(git_dir, lost) | lost) - _listed(git_dir, tips) if lost else set()
    except GitFailed:  # what is lost was pruned
        return whole, Seen()
    kept = [finding for finding in (_without(each, gone) for each in seen.findings) if finding]
    still = replace(seen, findings=kept)
    return (Revisions(("--stdin",), _lines(new, seen.tips)) if new else Revisions(())), still


def added(known: Seen, found: Seen, tips: frozenset[str], commits: int) -> Seen:
    """Put what is known and what was found now together: one finding for each secret, occurrences oldest first.

    Args:
        known: What still holds of the earlier scan.
        found: What was found in what is new.
        tips: What all refs lead to.
        commits: How many commits that is.
    """
    by_id = {finding["id"]: finding for finding in known.findings}
    for finding in found.findings:
        other = by_id.get(finding["id"])
        by_id[finding["id"]] = _together(other, finding) if other else finding
    return Seen(
        tips,
        list(by_id.values()),
        [*known.errors, *(each for each in found.errors if each not in known.errors)],
        commits,
        known.blobs + found.blobs,
        known.bytes + found.bytes,
    )


def _together(one: Json, other: Json) -> Json:
    better = min(one, other, key=most_telling)
    hidden = {one["hidden"], other["hidden"]}
    accepted = next((reason for reason in (ACCEPTED, IGNORED) if reason in hidden), better["hidden"])
    known = {_same(each) for each in one["occurrences"]}  # where dates are out of order git names some commits again
    fresh = [each for each in other["occurrences"] if _same(each) not in known]
    places = sorted([*one["occurrences"], *fresh], key=_rank)
    return _at_first({**one, **{name: better[name] for name in _EVIDENCE}, "hidden": accepted, "occurrences": places})


def _same(place: Json) -> tuple[object, ...]:
    return (place["fingerprint"], place["start_column"])


def _rank(place: Json) -> str:
    return rank(place["committed"], place["commit"], place["path"], place["start_line"], place["start_column"])


def _without(finding: Json, gone: Collection[str]) -> Json | None:
    places = [each for each in finding["occurrences"] if each["commit"] not in gone]
    return _at_first({**finding, "occurrences": places}) if places else None


def _at_first(finding: Json) -> Json:
    return {**finding, **finding["occurrences"][0]}


def count(git_dir: Path, tips: Collection[str]) -> int:
    """Count the commits that *tips* lead to."""
    return int(run(git_dir, "rev-list", "--count", "--stdin", stdin=_lines(tips, ())) or 0)


def _listed(git_dir: Path, wanted: Collection[str]) -> set[str]:
    return set(run(git_dir, "rev-list", "--stdin", stdin=_lines(wanted, ())).decode().split())


def _lines(wanted: Iterable[str], without: Iterable[str]) -> bytes:
    return "\n".join([*sorted(wanted), *(f"^{each}" for each in sorted(without)), ""]).encode()
