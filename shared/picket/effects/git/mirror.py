"""Bare mirrors, one per repository, kept by fetch and never collected: a commit once seen stays readable."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from git import Repo
from git.exc import GitCommandError

from picket.commits import refs
from picket.commits.repository import RepositoryAddress
from picket.effects import disk
from picket.effects.git import transport, upkeep
from picket.effects.git.address import resolve
from picket.effects.git.command import GitFailed, run
from picket.effects.git.failures import NotThere
from picket.effects.telemetry import span
from picket.errors import Busy, Damaged, Gone, TransientError
from picket.settings import settings

_EVERYTHING = "+refs/*:refs/*"
_LOCK_SECONDS = 20.0
_STALE_SECONDS = 5.0
_FORMATS = {40: "sha1", 64: "sha256"}
"""Object format by the hex digits of an id."""
_BROKEN_REFS = 10
"""Objects of broken refs that are left out one after another; a repository with more of them fails."""
_SHALLOW = "shallow roots are not allowed"
_IS_SHALLOW = "the repository is shallow: its history is not all there"


@dataclass(frozen=True, slots=True)
class Fetched:
    """A mirror after a fetch.

    `refs` are the refs that its server offers and a scan looks at, `HEAD` among them where it is missing; `heads`
    commits that are checked out there and no ref need lead to; `missing` the names of refs that were
    offered and not fetched, and `reason` why.
    """

    git_dir: Path
    refs: tuple[str, ...] = ()
    heads: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    reason: str = ""


def path_of(repository: str) -> Path:
    """Return where the mirror of *repository* (its id) is or will be."""
    return settings().data_dir.absolute() / "mirrors" / f"{hashlib.sha256(repository.encode()).hexdigest()[:32]}.git"


@span("fetch")
def fetch(repository: str, address: RepositoryAddress, *, wanted: str = "", pull_requests: bool = False) -> Fetched:
    """Bring the mirror of *repository* up to date: all refs, those of pull requests where asked.

    Args:
        repository: Id of the repository.
        address: Where to fetch from.
        wanted: A commit that must be there; if it already is, nothing is fetched.
        pull_requests: Fetch the heads of pull requests, too. What a forge merges to try them out is left out.

    Returns:
        The mirror; where no commit is wanted, compared with what its server offers.

    Raises:
        Damaged: Objects are missing or corrupt there.
        Gone: There is no such repository, it is not ours to read, or nothing of it can be fetched.
        Unsupported: Its host's address is not admitted.
        Busy: Another worker is fetching it.
        TooLarge: It has more bytes than are admitted.
        TransientError: The forge did not answer properly.
    """
    resolve(address)  # before anything is made for it
    mirror = path_of(repository)
    with writing(), locked(mirror):
        if wanted:
            _fetch_wanted(mirror, address, wanted, pull_requests=pull_requests)
            fetched = Fetched(mirror)
        else:
            fetched = _fetch_all(mirror, address, pull_requests=pull_requests)
        upkeep.note_use(mirror)
        return fetched


def _fetch_wanted(mirror: Path, address: RepositoryAddress, wanted: str, *, pull_requests: bool) -> None:
    """Make sure of a commit with all that it leads to; that says more than a comparison of refs would."""
    if not (mirror / "config").exists():
        make(mirror, len(wanted))
    if is_whole(mirror, wanted):
        return
    _drop_leftovers(mirror)
    with suppress(NotThere):  # another ref may be broken; the commit that is wanted need not be
        transport.fetch(mirror, address, _EVERYTHING, *_left_out(pull_requests=pull_requests))
    if not is_whole(mirror, wanted):
        _fetch_commit(mirror, address, wanted)


def _fetch_all(mirror: Path, address: RepositoryAddress, *, pull_requests: bool) -> Fetched:
    """Fetch every ref, and compare what is here then with what was offered.

    Git warns and succeeds where it cannot store a ref: the ends of a shallow history, names that it does not take.
    """
    offered = _offered(address, pull_requests=pull_requests)
    heads = (*([offered.pop("HEAD")] if "HEAD" in offered else ()), *transport.worktree_heads(address))
    _make_for(mirror, len(next(iter((*offered.values(), *heads)), "")))
    _drop_leftovers(mirror)
    said, before = "", _refs_of(mirror, pull_requests=pull_requests)
    if before != offered:
        said = _fetch_refs(mirror, address, offered, _left_out(pull_requests=pull_requests))
    refused: Gone | None = None
    for head in dict.fromkeys(heads):
        try:
            said += "" if is_whole(mirror, head) else transport.fetch(mirror, address, head)
        except NotThere as error:  # it is then among those that are absent
            refused = error
    missing = _missing(mirror, before, offered, address, pull_requests=pull_requests)
    absent = [head for head in heads if not is_whole(mirror, head)]
    absent_head = ("HEAD",) if absent else ()
    lost = (*missing, *absent_head)
    reason = _IS_SHALLOW if _SHALLOW in said else "git does not store them" if missing else "it is not there"
    if lost and len(missing) == len(offered) and len(absent) == len(heads):
        raise refused or Gone(f"none of {len(lost)} refs could be fetched: {reason}")
    whole = tuple(head for head in dict.fromkeys(heads) if head not in absent)
    return Fetched(mirror, (*sorted(offered), *absent_head), whole, lost, reason if lost else "")


def _fetch_refs(mirror: Path, address: RepositoryAddress, offered: Mapping[str, str], left_out: list[str]) -> str:
    """Fetch every ref but those whose objects turn out not to be there: one broken ref would fail all of them."""
    for _ in range(_BROKEN_REFS):
        try:
            return transport.fetch(mirror, address, _EVERYTHING, *left_out)
        except NotThere as error:
            broken = [f"^{name}" for name, oid in offered.items() if oid == error.oid]
            if not broken:  # this object was not offered before: the server's refs are moving, or its replicas differ
                raise TransientError(f"fetching failed: {error}") from error
            if set(broken) <= set(left_out):
                raise
            left_out = [*left_out, *broken]
    return transport.fetch(mirror, address, _EVERYTHING, *left_out)


def _offered(address: RepositoryAddress, *, pull_requests: bool) -> dict[str, str]:
    """Return the refs that a server offers and a scan looks at; a broken one has an id of zeros."""
    listed = transport.advertised(address)
    return {name: oid for name, oid in listed.items() if refs.is_looked_at(name, pull_requests=pull_requests)}


def _missing(
    mirror: Path,
    before: Mapping[str, str],
    offered: Mapping[str, str],
    address: RepositoryAddress,
    *,
    pull_requests: bool,
) -> tuple[str, ...]:
    """Return the names of refs that were offered and not fetched.

    Refs move meanwhile. One that is gone by now is not missing, nor is one that is here as it was or is offered, or
    that the fetch has moved: in between, the server offered that.
    """
    here = _refs_of(mirror, pull_requests=pull_requests)
    differ = [name for name, oid in offered.items() if here.get(name) != oid and here.get(name) == before.get(name)]
    if not differ:
        return ()
    again = _offered(address, pull_requests=pull_requests)
    return tuple(sorted(name for name in differ if name in again and here.get(name) != again[name]))


def _refs_of(mirror: Path, *, pull_requests: bool) -> dict[str, str]:
    """Return the refs of a mirror that a scan looks at: an earlier one may have fetched those of pull requests."""
    listed = run(mirror, "for-each-ref", "--format=%(objectname) %(refname)")
    pairs = (line.partition(" ") for line in listed.decode("utf-8", "surrogateescape").split("\n") if line)
    return {name: oid for oid, _, name in pairs if refs.is_looked_at(name, pull_requests=pull_requests)}


def delete(repository: str) -> None:
    """Remove the mirror of *repository*, if this machine has one.

    Raises:
        Busy: Another worker is fetching it.
    """
    mirror = path_of(repository)
    if mirror.exists():
        with locked(mirror):
            shutil.rmtree(mirror, ignore_errors=True)


@contextmanager
def writing() -> Iterator[None]:
    """Say that what the disk does not take can be tried again: there may be room by then."""
    try:
        yield
    except (OSError, GitCommandError) as error:
        upkeep.ask_soon()
        raise TransientError(f"the mirror cannot be written ({disk.reason(error) or type(error).__name__})") from error


def _make_for(mirror: Path, digits: int) -> None:
    """Make a mirror unless there is one for ids of *digits* hex digits (0: of any).

    One of another object format is that of another repository, which had this name before.
    """
    if (mirror / "config").exists():
        made = run(mirror, "rev-parse", "--show-object-format").decode().strip()
        if not digits or made == _FORMATS.get(digits):
            return
    make(mirror, digits)


def make(mirror: Path, digits: int) -> Path:
    """Make an empty mirror for ids of *digits* hex digits, whole or not at all, in place of the one there is."""
    wanted = _FORMATS.get(digits)
    shutil.rmtree(mirror, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=mirror.parent, prefix="new-") as folder:
        made_at = Path(folder) / mirror.name
        Repo.init(made_at, bare=True, mkdir=True, object_format=wanted or _FORMATS[40])
        made_at.rename(mirror)
    return mirror


def _left_out(*, pull_requests: bool) -> list[str]:
    return [f"^{pattern}" for pattern in refs.excluded(pull_requests=pull_requests)]


def has_commit(mirror: Path, sha: str) -> bool:
    """Return whether *sha* names a commit, or a tag of one, in the mirror."""
    try:
        run(mirror, "cat-file", "-e", f"{sha}^{{commit}}")
    except GitFailed:
        return False
    return True


def is_whole(mirror: Path, sha: str) -> bool:
    """Return whether *sha* names a commit in the mirror with all that it leads to.

    Git unpacks a small fetch object by object, commits first: one that was killed or broke off leaves commits whose
    files are not there. What refs lead to was checked by the fetch that moved them, and is not walked again.
    """
    try:
        run(mirror, "rev-list", "--objects", "--quiet", f"{sha}^{{commit}}", "--not", "--all")
    except GitFailed:
        return False
    return True


def is_ancestor(mirror: Path, sha: str, of: str) -> bool:
    """Return whether *sha* is an ancestor of *of*, or the same; False where one of them is not there."""
    try:
        run(mirror, "merge-base", "--is-ancestor", sha, of)
    except GitFailed:
        return False
    return True


def _fetch_commit(mirror: Path, address: RepositoryAddress, sha: str) -> None:
    """Ask for a commit that no ref leads to any more, as after a forced push; a server may refuse."""
    missing = Gone(f"commit {sha} is not in the repository")
    if len(sha) not in _FORMATS:
        raise missing  # git would take it for a ref's name
    try:
        said = transport.fetch(mirror, address, sha)
    except (Gone, Damaged) as error:
        raise (missing if isinstance(error, Gone) else error) from error
    if not is_whole(mirror, sha):
        raise Gone(f"{missing}: it is shallow, and its history is not all there") if _SHALLOW in said else missing


def _drop_leftovers(mirror: Path) -> None:
    """Remove git's locks and parts of packs that a killed fetch left; those of a running maintenance stay."""
    with upkeep.holding(mirror) as is_held:
        for left in (*mirror.rglob("*.lock"), *(mirror / "objects" / "pack").glob("tmp_*")) if is_held else ():
            if time.time() - left.stat().st_mtime > _STALE_SECONDS:
                left.unlink(missing_ok=True)


@contextmanager
def locked(mirror: Path) -> Iterator[None]:
    """Keep other workers of this machine from fetching into the same mirror."""
    mirror.parent.mkdir(parents=True, exist_ok=True)
    with mirror.with_suffix(".lock").open("w") as lock:
        deadline = time.monotonic() + _LOCK_SECONDS
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise Busy("another worker is fetching this repository") from None
                time.sleep(0.01)
        yield
