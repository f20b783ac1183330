"""What a scanner needs of a batch: from the mirror on one machine, from a pack and a manifest where there is a cluster.

With `PICKET_ARTIFACTS` set, enumerate puts both into the artifact store, named by what is in them: an enumeration that
is done again finds those of the first one. A scanner then needs neither a clone nor anything of the forge.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from picket.changes import Change, Commit
from picket.commits import manifest
from picket.commits.plan import Plan
from picket.effects import artifacts
from picket.effects.git import history, mirror, packs, tags, upkeep
from picket.effects.git.address import admitted
from picket.effects.mongo.documents import Batch
from picket.settings import settings

PREFIX = "material/"
_LEFT_SECONDS = 3_600.0
"""Longer than a batch may take."""


@dataclass(frozen=True, slots=True)
class Material:
    """A git directory with every blob of the changes but those that are too large; commits and tags with messages."""

    git_dir: Path
    changes: tuple[Change, ...]
    commits: tuple[Commit, ...]
    too_large: frozenset[str] = frozenset()


def keep(repository: str, git_dir: Path, plan: Plan) -> str:
    """Put what a batch needs into the artifact store, unless it is there and will be for long enough.

    Returns:
        The reference of its manifest; empty where scanners read the mirror.

    Raises:
        Misconfigured: There is no artifact store, and scanners run where they read no mirror of this function's.
        TransientError: The artifact store does not answer.
    """
    if not settings().artifacts and settings().on_loopback:
        return ""
    name = _name(repository, plan)
    age = artifacts.age(_reference(name, "json"))
    if age is None or age > timedelta(days=settings().artifact_days) / 2:
        _write(name, git_dir, plan)
    return _reference(name, "json")


@contextmanager
def of(batch: Batch, url: str) -> Iterator[Material]:
    """Give the material of a batch: from the artifact store if it is there, else from a mirror of *url*."""
    if not batch.get("material"):
        yield _from_mirror(batch, url)
        return
    with _scratch(settings().data_dir.absolute() / "scratch") as folder:
        yield _from_artifacts(batch["material"], folder)


def manifest_of(reference: str) -> str:
    """Return the reference of the manifest that a pack, its index or a manifest belongs to."""
    return f"{reference.rpartition('.')[0]}.json"


def _write(name: str, git_dir: Path, plan: Plan) -> None:
    commits = [*history.changes(git_dir, plan.commits), *tags.read(git_dir, plan.tags)]
    blobs = {blob for _, changes in commits for change in changes for blob in (change.new, *change.olds)}
    sizes = history.sizes(git_dir, blobs)
    too_large = {blob for blob, size in sizes.items() if size > settings().max_blob_bytes}
    with _scratch(git_dir.with_name("scratch")) as folder:  # git moves a pack there, which file systems do not share
        for path in packs.write(git_dir, blobs - too_large, folder) or ():
            artifacts.put(f"{PREFIX}{name}{path.suffix}", path)
    artifacts.put(f"{PREFIX}{name}.json", manifest.write(commits, too_large))  # last: it says that all is there


def _from_artifacts(reference: str, folder: Path) -> Material:
    found = manifest.read(artifacts.get(reference))
    blobs = {change.new for change in found.changes}
    git_dir = packs.directory(folder, len(next(iter(blobs), "")))
    if blobs - found.too_large:
        name = reference.removesuffix(".json")
        for suffix in ("pack", "idx"):
            artifacts.get_file(f"{name}.{suffix}", git_dir / "objects" / "pack" / f"pack-batch.{suffix}")
    return Material(git_dir, found.changes, found.commits, found.too_large)


def _from_mirror(batch: Batch, url: str) -> Material:
    git_dir = mirror.path_of(batch["repository"])
    upkeep.note_use(git_dir)
    if batch["commits"] and not mirror.has_commit(git_dir, batch["commits"][-1]):
        git_dir = mirror.fetch(batch["repository"], admitted(url), wanted=batch["commits"][-1]).git_dir
    commits = [*history.changes(git_dir, batch["commits"]), *tags.read(git_dir, batch.get("tags", ()))]
    changes = tuple(change for _, found in commits for change in found)
    return Material(git_dir, changes, tuple(commit for commit, _ in commits))


@contextmanager
def _scratch(folder: Path) -> Iterator[Path]:
    """Give a folder below *folder* until the block ends, and remove those that workers left which were killed."""
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.iterdir():
        with suppress(FileNotFoundError):  # its owner is done with it just now
            if time.time() - left.stat().st_mtime > _LEFT_SECONDS:
                shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=folder) as made:
        yield Path(made)


def _name(repository: str, plan: Plan) -> str:
    """Name what is kept by all that decides what is in it."""
    parts = (repository, str(settings().max_blob_bytes), *plan.commits, *plan.tags)
    return hashlib.sha256("|".join(parts).encode(errors="surrogateescape")).hexdigest()


def _reference(name: str, suffix: str) -> str:
    return artifacts.reference(f"{PREFIX}{name}.{suffix}")
