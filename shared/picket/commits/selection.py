"""Which commits a scan concerns. A payload is a hint: the history decides."""

from __future__ import annotations

from collections.abc import Sequence

from picket.events import ScanRequested

MAX_UNKNOWN = 1_000


def is_zero(sha: str) -> bool:
    """Return whether *sha* is the all-zero id of a ref that does not exist."""
    return bool(sha) and not sha.strip("0")


def wanted(request: ScanRequested) -> str:
    """Return the commit that must be in the mirror; empty where none is named."""
    return "" if is_zero(request.after) else request.after


def chain(request: ScanRequested, waiting: Sequence[ScanRequested]) -> list[ScanRequested]:
    """Choose which of *waiting*, requests for the same branch, can be merged into a scan.

    Pushes that begin where the one before ends, none of them forced, deleting or creating the branch; for a scan of all
    branches, those that ask for the same thing.

    Returns:
        Those chosen, in the order in which they follow.
    """
    alike = [other for other in waiting if _alike(request, other)]
    if request.kind != "push":
        return alike
    by_before = {other.before: other for other in alike if not (other.forced or is_zero(other.after))}
    found: list[ScanRequested] = []
    at = request.after
    while at and not is_zero(at) and (follower := by_before.pop(at, None)):
        found.append(follower)
        at = follower.after
    return found


def _alike(request: ScanRequested, other: ScanRequested) -> bool:
    same = ("kind", "repository", "url", "ref", "chain", "pull_requests")
    return all(getattr(request, name) == getattr(other, name) for name in same)


def walk(
    request: ScanRequested, tips: Sequence[str], covered: Sequence[str], *, before_known: bool
) -> tuple[list[str], list[str]]:
    """Decide what to walk.

    Args:
        request: The scan.
        tips: What the repository's refs lead to now.
        covered: Commits all of whose ancestors are scanned for the ruleset in force.
        before_known: Whether the mirror has the commit the ref pointed to before.

    Returns:
        Revisions to walk from, and commits at which to stop. A deleted ref: nothing. A new ref, a forced push whose
        former commit is gone, or no ref at all: everything that is not covered.
    """
    if request.kind != "push":
        return list(tips), list(covered)
    if not wanted(request):
        return [], []
    if not is_zero(request.before) and before_known:
        return [request.after], [request.before]
    return [request.after], list(covered)
