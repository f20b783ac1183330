"""Keeping the tree of a push as a zip, where somebody asked for that: the same commit always makes the same bytes."""

from __future__ import annotations

import tempfile
from datetime import timedelta
from pathlib import Path

from picket.commits.selection import is_zero
from picket.effects import artifacts
from picket.effects.git import archive, mirror
from picket.effects.mongo import repositories
from picket.effects.mongo.documents import Repository
from picket.effects.telemetry import note
from picket.errors import PermanentError
from picket.events import ScanRequested, now
from picket.settings import settings

_PREFIX = "build_artifacts/"


def keep(request: ScanRequested) -> None:
    """Keep what was pushed, if the repository's builds of that ref are wanted; keeping it again changes nothing.

    What cannot be kept is said in the repository: the scan does not depend on it.

    Raises:
        TransientError: The artifact store does not answer.
    """
    if request.kind != "push" or is_zero(request.after):
        return
    repository = repositories.get(request.repository)
    if repository is None or repository.get("build_ref", "") != request.ref:
        return
    try:
        _keep(repository, request.after)
    except PermanentError as error:
        note("build artifact not kept", repository=request.repository, reason=str(error))
        repositories.update(request.repository, build_error=f"{request.after}: {error}")


def _keep(repository: Repository, sha: str) -> None:
    git_dir, where = mirror.path_of(repository["_id"]), _place(str(repository["name"]))
    reference = artifacts.reference(f"{where}/{sha}.zip")
    latest = repository.get("build_sha", "")
    is_latest = sha == latest or not mirror.is_ancestor(git_dir, sha, latest)
    with tempfile.TemporaryDirectory(dir=settings().data_dir.absolute()) as folder:
        file = Path(folder) / "tree.zip"
        archive.write(git_dir, sha, file)
        if artifacts.age(reference) is None:
            artifacts.put(f"{where}/{sha}.zip", file)
        if is_latest:  # pushes come in any order: an older one is no newer build
            artifacts.put(f"{where}.zip", file)
            repositories.update(repository["_id"], build_sha=sha, build_at=now(), build_error="")


def delete(name: str) -> None:
    """Delete what was kept of a repository under one of its names.

    Raises:
        TransientError: The artifact store does not answer.
    """
    where = _place(name)
    for reference in artifacts.older_than(where, timedelta()):
        artifacts.delete(reference)
    artifacts.delete(artifacts.reference(f"{where}.zip"))  # the latest one stands beside the folder


def _place(name: str) -> str:
    """Return `build_artifacts/{owner}/{name}` of what is named `host/owner/name`."""
    return _PREFIX + name.partition("/")[2]
