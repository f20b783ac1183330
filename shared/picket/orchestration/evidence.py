"""What a scan that ends proves of its repository, and what it does not: what was not looked at proves nothing."""

from __future__ import annotations

from picket.effects.mongo import batches, commits, repositories, scans
from picket.effects.mongo.documents import Scan
from picket.events import now

_OF_EVERYTHING = frozenset({"full", "scheduled"})
"""Kinds of scans that look at every ref."""
_NAMED = 3
"""Refs that a reason names."""


def missing(scan: Scan) -> str:
    """Say which refs a scan could not look at; empty if it looked at all that its server offers."""
    count, names = scan.get("missing", 0), scan.get("missing_refs", ())
    if not count:
        return ""
    named = ", ".join(names[:_NAMED]) + (", …" if count > _NAMED else "")
    return f"{count} of {max(count, scan['refs'])} refs could not be fetched ({scan['missing_reason']}): {named}"


def emptiness(scan: Scan) -> str:
    """Say that a scan of everything met no commit; empty if it met one, or looked for less."""
    is_of_commits = scans.kind(scan) in _OF_EVERYTHING and scan.get("asset_type", "repository") == "repository"
    return "the repository has no commits" if is_of_commits and not scan["tips"] else ""


def note(scan: Scan, state: str) -> None:
    """Keep in a repository what a scan that ends as *state* proves: which tips are covered, and since when.

    A scan of everything that missed refs takes back that the whole history is known; one that met no commit proves
    nothing.
    """
    if scan.get("asset_type", "repository") != "repository":
        repositories.update(scan["repository"], **({"scanned_at": now()} if state == "Done" else {}))
        return
    if scans.kind(scan) in _OF_EVERYTHING and missing(scan):
        repositories.update(scan["repository"], missing_refs=missing(scan), missing_at=now())
    if not _is_scanned(scan, state) or scans.kind(scan) == "group" or emptiness(scan):
        return
    known = {"scanned_at": now()}
    is_for = (batch.get("counts_for", [batch["scanned_for"]]) for batch in batches.of_scan(scan))
    if scans.kind(scan) in _OF_EVERYTHING and all(scan["ruleset"] in digests for digests in is_for):
        commits.set_covered_tips(scan["repository"], scan["ruleset"], scan["tips"], scan["_id"])
        known |= {"history_scanned_at": now(), "history_ruleset": scan["ruleset"], "missing_refs": ""}
    repositories.update(scan["repository"], **known)


def _is_scanned(scan: Scan, state: str) -> bool:
    """Return whether all commits of a scan that ends as *state* are scanned; what tools have done is not asked."""
    if state == "Done":
        return True
    only_tools = state == "Partial" and scan.get("tool_runs") and not missing(scan)
    return bool(only_tools) and all(batch["state"] == "Done" for batch in batches.of_scan(scan))
