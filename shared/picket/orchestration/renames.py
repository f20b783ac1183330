"""Findings that move with their file: a rename leaves the finding, and what was decided on it, as it was.

A finding's identity has its path. Where a complete report no longer has a statement in a file that is gone, and has the
same statement in another file for the first time, the new place leads to the finding that there was.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from picket.effects.git import snapshot
from picket.effects.git.address import admitted
from picket.effects.mongo import findings, reports
from picket.effects.mongo.documents import Repository
from picket.effects.mongo.reports import Said
from picket.orchestration.identification import Identified, joined

Found = dict[str, Identified]


def follow(
    found: Found, before: Mapping[str, Said], repository: Repository, commit: str, *, is_complete: bool
) -> Found:
    """Return the problems of a report by the finding that each is, renames followed.

    Args:
        found: Problems by the id that their path gives.
        before: What the scope's reports have said so far, by finding.
        repository: The repository, as stored.
        commit: The commit that the report is of.
        is_complete: Whether what the report does not have is gone.
    """
    moved = reports.moved(list(found))
    if is_complete:
        moved |= _renamed({moved.get(name, name): one for name, one in found.items()}, before, repository, commit)
    followed: Found = {}
    for name, one in found.items():
        known = moved.get(name, name)
        followed[known] = joined(followed.get(known), one)
    return followed


def _renamed(found: Found, before: Mapping[str, Said], repository: Repository, commit: str) -> dict[str, str]:
    """Find new renames and record them; the former finding by the new place's id."""
    gone = [one for name, one in before.items() if one.present and one.statement and name not in found]
    fresh = {name: one for name, one in found.items() if one.statement and name not in before}
    pairs = list(_pairs(gone, fresh))
    if not pairs:
        return {}
    known = {str(one["_id"]) for one in findings.get_many([name for name, _ in pairs])}
    with snapshot.of(repository["_id"], admitted(repository["url"]), commit) as files:
        moved = {name: old.finding for name, old in pairs if name not in known and _path(old) not in files}
    reports.record_moves(repository["_id"], moved)
    return moved


def _pairs(gone: list[Said], fresh: Found) -> Iterator[tuple[str, Said]]:
    """Pair each new problem with one of the same statement that is gone, in the order of their paths."""
    left: dict[str, list[Said]] = {}
    for old in sorted(gone, key=_path, reverse=True):
        left.setdefault(old.statement, []).append(old)
    for name, one in sorted(fresh.items(), key=lambda item: item[1].places[0].path):
        if left.get(one.statement):
            yield name, left[one.statement].pop()


def _path(said: Said) -> str:
    return str(said.places[0]["path"]) if said.places else ""
