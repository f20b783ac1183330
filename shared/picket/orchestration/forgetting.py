"""Deleting all that is stored of a repository that a person has forgotten: some of it an event, until nothing is left.

Its names are kept, marked, so that neither a webhook nor a listing registers it again; a person can.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

from picket.effects import broker
from picket.effects.git import mirror
from picket.effects.mongo import (
    batches,
    commits,
    findings,
    leases,
    pushes,
    reports,
    repositories,
    scans,
    scores,
    teams,
    tool_runs,
)
from picket.effects.mongo.documents import Repository, Scan
from picket.effects.telemetry import note
from picket.errors import Busy, Conflict, Gone
from picket.events import RepositoryForgotten, TeamChanged
from picket.orchestration import builds, cancellation, completion, duties

_ACTOR = "enumerate"
AT_ONCE = 500
"""Documents of a kind that one event deletes."""
_SCANS_AT_ONCE = 20
_BATCHES_AT_ONCE = 20
"""Of all those scans: each may have a thousand commits."""
_IDLE = timedelta(minutes=10)
"""Longer than an event is retried."""


def go_on(_cursor: str) -> str | None:
    """Ask again for repositories that were forgotten and are still there."""
    found = repositories.being_forgotten(_IDLE, AT_ONCE)
    duties.each("forgotten", found, lambda one: broker.emit(RepositoryForgotten(repository=one["_id"])))
    return None


def step(event: RepositoryForgotten) -> None:
    """End what is open of a forgotten repository and delete some of what is stored; ask for the rest.

    Raises:
        Busy: A worker is still at it; it notices that its work was cancelled, and the event comes again.
    """
    repository = repositories.get(event.repository)
    if repository is None or "forgotten_at" not in repository:
        return
    for scan in scans.running(repository["_id"], _SCANS_AT_ONCE):
        with suppress(Conflict):  # it has ended meanwhile
            cancellation.ask(scan["_id"], _ACTOR, "its repository was forgotten")
    if scans.running(repository["_id"], 1) or _delete_some(repository):
        repositories.touch_forgotten(repository["_id"])
        broker.emit(event)
        return
    _delete_rest(repository)
    note("repository forgotten", repository=repository["_id"])


def _delete_some(repository: Repository) -> bool:
    """Delete a part of what there can be much of; False if nothing is left of it."""
    found = scans.of_repository(repository["_id"], _SCANS_AT_ONCE)
    room = _BATCHES_AT_ONCE
    for scan in found:
        part = batches.all_of(scan["_id"], room)
        if any(leases.runs(batch) for batch in part):
            raise Busy("a batch of a forgotten repository is still being scanned")
        commits.unmark(part)
        batches.delete(part)
        room -= len(part)
        if room <= 0:
            break
        _tell_of_end(scan)
        scans.delete(scan["_id"])
    return bool(found) or any(
        each.delete_some(repository["_id"], AT_ONCE) for each in (findings, reports, pushes, tool_runs)
    )


def _tell_of_end(scan: Scan) -> None:
    """Announce the end of a scan whose batches are deleted, so that its parent does not wait for it."""
    if "untold" in scan:
        with suppress(Gone):  # its parent is deleted already
            completion.settle(scan["_id"], _ACTOR)


def _delete_rest(repository: Repository) -> None:
    """Delete scores, mirror and builds, let the teams' scores follow, and the repository itself last."""
    identity = repository["_id"]
    commits.forget_coverage(identity)
    scores.delete(identity)
    for team in repository.get("teams", ()):
        teams.note(team, identity, broker.cause().id)
        broker.emit(TeamChanged(team=team))
    for name in repositories.names_of(identity):
        builds.delete(name)
    mirror.delete(identity)
    repositories.delete(identity)
