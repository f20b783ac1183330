"""Asking for commits' statuses: where the settings name a repository, its forge is told of each push."""

from __future__ import annotations

from fnmatch import fnmatchcase

from picket.effects import broker
from picket.effects.git.address import admitted
from picket.effects.mongo import repositories, scans
from picket.effects.mongo.documents import Scan
from picket.events import StatusRequested
from picket.settings import settings

_BRANCHES = "refs/heads/"


def ask(scan: Scan, phase: str) -> None:
    """Ask for the status of a pushed commit whose scan has begun or ended."""
    if settings().status_repositories and _is_of_a_push(scan) and _is_named(admitted(scan["url"]).name):
        told = {"repository": scan["repository"], "scan": scan["_id"], "phase": phase}
        broker.emit(StatusRequested.model_validate(told))


def correct(repository: str) -> None:
    """Ask for the statuses that a change of findings may concern."""
    if settings().status_repositories:
        known = repositories.get(repository)
        if known is not None and _is_named(known["name"]):
            broker.emit(StatusRequested(repository=repository, phase="changed"))


def _is_of_a_push(scan: Scan) -> bool:
    after = scan["after"]
    return scans.kind(scan) == "push" and scan["ref"].startswith(_BRANCHES) and set(after) not in ({"0"}, set())


def _is_named(name: str) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in settings().status_repositories)
