"""Asking for commits' statuses: where the settings name a repository, its forge is told of each push and proposal."""

from __future__ import annotations

from datetime import timedelta
from fnmatch import fnmatchcase

from picket.effects import broker
from picket.effects.mongo import repositories, scans
from picket.effects.mongo import statuses as store
from picket.effects.mongo.documents import Scan
from picket.events import StatusRequested
from picket.settings import settings

_BRANCHES = "refs/heads/"
_AT_ONCE = 100
PATIENCE = timedelta(minutes=10)
"""Longer than an event is tried again."""


def ask(scan: Scan, phase: str) -> None:
    """Ask for the status of a pushed commit whose scan has begun or ended.

    Of a pull request whose forge tells a part of the head's id alone, nothing is said before that commit is known, or
    the scan has ended without it: it may be another one.
    """
    if is_wanted(scan) and (scan["after"] or phase == "ended"):
        told = {"repository": scan["repository"], "scan": scan["_id"], "phase": phase}
        broker.emit(StatusRequested.model_validate(told))


def go_on(_cursor: str) -> str | None:
    """Request statuses again that could not be sent, once they are due."""
    for known in store.due(_AT_ONCE):
        if store.put_off(known["_id"], PATIENCE):
            broker.emit(StatusRequested(repository=known["repository"], scan=known["scan"], phase="ended"))
    return None


def is_wanted(scan: Scan) -> bool:
    """Return whether a scan is of a push to a branch, or of a pull request, whose forge is to be told."""
    return bool(settings().status_repositories) and _is_of_a_push(scan) and _is_named(scan["repository"])


def correct(repository: str) -> None:
    """Ask for the statuses that a change of findings may concern."""
    if settings().status_repositories and _is_named(repository):
        broker.emit(StatusRequested(repository=repository, phase="changed"))


def _is_of_a_push(scan: Scan) -> bool:
    is_there = set(commit_of(scan)) not in ({"0"}, set())
    return scans.kind(scan) == "push" and is_there and (scan["ref"].startswith(_BRANCHES) or is_proposed(scan))


def commit_of(scan: Scan) -> str:
    """Return the commit that a scan of a push is about; of a head that could not be read, the first digits told."""
    return scan["after"] or scan.get("head", "")


def is_proposed(scan: Scan) -> bool:
    """Return whether a scan is of a pull request."""
    return bool(scan.get("target"))


def _is_named(repository: str) -> bool:
    known = repositories.get(repository)
    return known is not None and any(fnmatchcase(known["name"], pattern) for pattern in settings().status_repositories)
