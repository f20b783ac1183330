"""What an earlier scan of a repository came to, so that the next one looks only at what is new.

Kept are findings as they are shown (never a secret), for one set of rules and options. Commits that no ref leads to any
more take their occurrences with them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from picket.detection.caching import read, write_atomically
from picket.effects.git.command import GitFailed, output
from picket.scanning.environment import cache_dir
from picket.scanning.findings import made
from picket.scanning.order import Order
from picket.scanning.result import ACCEPTED, IGNORED, Json, Seen, gravest_first
from picket.scanning.revisions import EVERYTHING, Revisions, git_dir_common
from picket.scanning.sieve import Sieve

VERSION = 1
_EVIDENCE = (
    *("rule", "description", "provider", "credential", "severity", "confidence", "reasons", "redacted"),
    *("entropy", "tags", "remediation", "doc_url"),
)


def place(git_dir: Path, order: Order, digest: str, sieve: Sieve, key: bytes) -> Path:
    """Name the file for one repository under one set of rules and options."""
    options = replace(order, target="", jobs=1, rules=None, baseline=None)
    said = [VERSION, str(git_dir.resolve()), repr(options), digest, sieve.ignored, hashlib.sha256(key).hexdigest()]
    said += [path.read_text("utf-8", "replace") for path in sieve.files]
    return cache_dir() / "scans" / f"{hashlib.sha256(json.dumps(said).encode()).hexdigest()}.json"


def tips_of(git_dir: Path) -> frozenset[str]:
    """Return what all refs lead to, the HEAD of every work tree included."""
    refs = output(git_dir, "for-each-ref", "--format=%(objectname)").decode().split()
    common = git_dir_common(git_dir)
    heads = (path.read_text("utf-8", "replace").strip() for path in (common / "HEAD", *common.glob("worktrees/*/HEAD")))
    return frozenset(refs).union(head for head in heads if not head.startswith("ref:"))


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


def since_then(git_dir: Path, seen: Seen | None, tips: frozenset[str]) -> tuple[Revisions, Seen]:
    """Say what is new, and what of the earlier scan still holds.

    Args:
        git_dir: The repository.
        seen: What is known.
        tips: What its refs lead to now.

    Returns:
        The commits to look at, and *seen* without what is gone; all commits and nothing, where that cannot be told.
    """
    if seen is None:
        return EVERYTHING, Seen()
    new, lost = tips - seen.tips, seen.tips - tips
    try:
        gone = _listed(git_dir, lost, tips) if lost else set()
    except GitFailed:  # what is lost was pruned
        return EVERYTHING, Seen()
    kept = [finding for finding in (_without(each, gone) for each in seen.findings) if finding]
    still = replace(seen, findings=kept, commits=seen.commits - len(gone))
    return (Revisions(("--stdin",), _lines(new, seen.tips)) if new else Revisions(())), still


def added(known: Seen, found: Seen, tips: frozenset[str]) -> Seen:
    """Put what is known and what was found now together: one finding for each secret, occurrences oldest first."""
    by_id = {finding["id"]: finding for finding in known.findings}
    for finding in found.findings:
        other = by_id.get(finding["id"])
        by_id[finding["id"]] = _together(other, finding) if other else finding
    return Seen(
        tips,
        list(by_id.values()),
        [*known.errors, *(each for each in found.errors if each not in known.errors)],
        known.commits + found.commits,
        known.blobs + found.blobs,
        known.bytes + found.bytes,
    )


def _together(one: Json, other: Json) -> Json:
    better = min(one, other, key=gravest_first)
    hidden = {one["hidden"], other["hidden"]}
    accepted = next((reason for reason in (ACCEPTED, IGNORED) if reason in hidden), better["hidden"])
    places = sorted([*one["occurrences"], *other["occurrences"]], key=lambda each: made(each["committed"]))
    return _at_first({**one, **{name: better[name] for name in _EVIDENCE}, "hidden": accepted, "occurrences": places})


def _without(finding: Json, gone: Collection[str]) -> Json | None:
    places = [each for each in finding["occurrences"] if each["commit"] not in gone]
    return _at_first({**finding, "occurrences": places}) if places else None


def _at_first(finding: Json) -> Json:
    return {**finding, **finding["occurrences"][0]}


def _listed(git_dir: Path, wanted: Collection[str], without: Collection[str]) -> set[str]:
    return set(output(git_dir, "rev-list", "--stdin", stdin=_lines(wanted, without)).decode().split())


def _lines(wanted: Iterable[str], without: Iterable[str]) -> bytes:
    return "\n".join([*sorted(wanted), *(f"^{each}" for each in sorted(without)), ""]).encode()
