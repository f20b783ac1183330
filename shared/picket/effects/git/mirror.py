"""Bare mirrors, one per repository, kept by fetch and never collected: a commit once seen stays readable."""

from __future__ import annotations

import base64
import fcntl
import hashlib
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from git import Repo
from git.exc import GitCommandError

from picket.commits.repository import RepositoryAddress
from picket.effects import disk
from picket.effects.git.address import resolve, token_for
from picket.effects.git.command import ENVIRONMENT, GitFailed, Limits, run, run_limited
from picket.effects.telemetry import span
from picket.errors import Busy, Gone, TransientError
from picket.settings import settings

_EVERYTHING = "+refs/*:refs/*"
_PULL_REQUESTS = ("refs/pull", "refs/merge-requests")
"""Where forges keep the heads of pull requests: GitHub, Gitea and Bitbucket, and GitLab."""
_LOCK_SECONDS = 20.0
_STALE_SECONDS = 5.0
_SHA1_HEX = 40
# What git and the transports say when there is no such repository, or none for us: asking again will not help.
_GONE = re.compile(
    r"not found|does not appear to be a git repository|does not exist|Authentication failed|could not read Username"
    r"|Permission denied|access denied|repository .* not exported|returned error: (?:401|403|404|410)",
    re.IGNORECASE,
)
_FROM_AFAR = re.compile(r"remote: [^\n]*? / |remote: .*|(?<=remote error: ).*")
"""What the server says, in the words of `command`'s errors: whoever runs it chooses the words, git does not."""
_REDIRECTED = re.compile(r"redirect|returned error: 30\d", re.IGNORECASE)


def path_of(repository: str) -> Path:
    """Return where the mirror of *repository* (its id) is or will be."""
    return settings().data_dir.absolute() / "mirrors" / f"{hashlib.sha256(repository.encode()).hexdigest()[:32]}.git"


@span("fetch")
def fetch(repository: str, address: RepositoryAddress, *, wanted: str = "", pull_requests: bool = False) -> Path:
    """Bring the mirror of *repository* up to date: all refs, those of pull requests where asked.

    Args:
        repository: Id of the repository.
        address: Where to fetch from.
        wanted: A commit that must be there; if it already is, nothing is fetched.
        pull_requests: Fetch the heads of pull requests, too. What a forge merges to try them out is left out.

    Returns:
        The mirror's git directory.

    Raises:
        Gone: There is no such repository, or it is not ours to read.
        Unsupported: Its host's address is not admitted.
        Busy: Another worker is fetching it.
        TooLarge: It has more bytes than are admitted.
        TransientError: The forge did not answer properly.
    """
    resolve(address)  # before anything is made for it
    mirror = path_of(repository)
    with _writing(), _locked(mirror):
        if not (mirror / "config").exists():
            _make(mirror)
        if wanted and _is_whole(mirror, wanted):
            return mirror
        _drop_leftovers(mirror)
        _fetch(mirror, address, _EVERYTHING, *_left_out(pull_requests=pull_requests))
        if (mirror / "shallow").exists():
            raise Gone("the repository is shallow: its history is not all there")
        if wanted and not _is_whole(mirror, wanted):
            _fetch_commit(mirror, address, wanted)
    return mirror


@contextmanager
def _writing() -> Iterator[None]:
    """Say that what the disk does not take can be tried again: there may be room by then."""
    try:
        yield
    except (OSError, GitCommandError) as error:
        raise TransientError(f"the mirror cannot be written ({disk.reason(error) or type(error).__name__})") from error


def _make(mirror: Path) -> None:
    """Make an empty mirror, whole or not at all: what died or had no room half way would pass for one."""
    shutil.rmtree(mirror, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=mirror.parent, prefix="new-") as folder:
        made = Path(folder) / mirror.name
        Repo.init(made, bare=True, mkdir=True)
        made.rename(mirror)


def _left_out(*, pull_requests: bool) -> list[str]:
    return [f"^{place}/*/merge" if pull_requests else f"^{place}/*" for place in _PULL_REQUESTS]


def has_commit(mirror: Path, sha: str) -> bool:
    """Tell whether *sha* names a commit, or a tag of one, in the mirror."""
    try:
        run(mirror, "cat-file", "-e", f"{sha}^{{commit}}")
    except GitFailed:
        return False
    return True


def _is_whole(mirror: Path, sha: str) -> bool:
    """Tell whether *sha* names a commit in the mirror with all that it leads to.

    Git unpacks a small fetch object by object, commits first: one that was killed or broke off leaves commits whose
    files are not there. What refs lead to was checked by the fetch that moved them, and is not walked again.
    """
    try:
        run(mirror, "rev-list", "--objects", "--quiet", f"{sha}^{{commit}}", "--not", "--all")
    except GitFailed:
        return False
    return True


def is_ancestor(mirror: Path, sha: str, of: str) -> bool:
    """Tell whether *sha* is an ancestor of *of*, or the same; False where one of them is not there."""
    try:
        run(mirror, "merge-base", "--is-ancestor", sha, of)
    except GitFailed:
        return False
    return True


def _fetch_commit(mirror: Path, address: RepositoryAddress, sha: str) -> None:
    """Ask for a commit that no ref leads to any more, as after a forced push; a server may refuse."""
    if len(sha) != _SHA1_HEX:
        raise Gone(f"commit {sha} is not in the repository")  # git would take it for a ref's name
    try:
        _fetch(mirror, address, sha)
    except Gone as error:
        raise Gone(f"commit {sha} is not in the repository") from error
    if not _is_whole(mirror, sha):
        raise Gone(f"commit {sha} is not in the repository")


def _fetch(mirror: Path, address: RepositoryAddress, *what: str) -> None:
    try:
        _fetch_from(mirror, address, address.url, *what)
    except GitFailed as error:
        if _REDIRECTED.search(error.reason) and not address.url.endswith(".git"):
            # GitLab redirects `name` to `name.git`; redirects are off because they could lead to a private address.
            try:
                _fetch_from(mirror, address, f"{address.url}.git", *what)
            except GitFailed as second:
                raise _meaning(second) from None
            return
        raise _meaning(error) from None


def _meaning(error: GitFailed) -> Exception:
    said = _FROM_AFAR.sub("", error.reason) or "the server refused"
    if _GONE.search(error.reason) or "not our ref" in error.reason:
        return Gone(f"the repository cannot be read: {said}")
    return TransientError(f"fetching failed: {said}")


def _drop_leftovers(mirror: Path) -> None:
    """Remove what a killed fetch left behind: git's own locks, and packs that are not whole.

    The mirror's lock is held, so no live fetch owns an old one.
    """
    for left in (*mirror.rglob("*.lock"), *(mirror / "objects" / "pack").glob("tmp_*")):
        if time.time() - left.stat().st_mtime > _STALE_SECONDS:
            left.unlink(missing_ok=True)


def _fetch_from(mirror: Path, address: RepositoryAddress, url: str, *what: str) -> None:
    arguments = [
        "fetch",
        "--quiet",
        "--prune",
        "--no-tags",
        "--no-write-fetch-head",
        "--no-auto-maintenance",
        "--force",
    ]
    if not address.host:
        # A folder may belong to somebody else; git would not look at it without being told.
        arguments.append("--upload-pack=git -c safe.directory=* upload-pack")
    run_limited(
        mirror,
        *arguments,
        "--",
        url,
        *what,
        config={f"protocol.{address.scheme}.allow": "always", **_pinned(address)},
        environment={"GIT_ALLOW_PROTOCOL": address.scheme, **_credentials(address), **_pinned_ssh(address)},
        limits=Limits(settings().fetch_timeout_seconds, settings().max_repository_bytes, mirror / "objects" / "pack"),
    )


def _pinned(address: RepositoryAddress) -> dict[str, str]:
    """Make git connect to the addresses that were checked, so that a second look-up cannot lead elsewhere."""
    addresses = resolve(address)
    if address.scheme not in {"https", "http"} or address.host in addresses:
        return {}
    return {"http.curloptResolve": f"{address.host}:{address.port}:{','.join(addresses)}"}


def _pinned_ssh(address: RepositoryAddress) -> dict[str, str]:
    """The same for ssh; the host's key is still looked up by its name."""
    if address.scheme != "ssh":
        return {}
    pin = f"-oHostName={resolve(address)[0]} -oHostKeyAlias={address.host}"
    return {"GIT_SSH_COMMAND": f"{ENVIRONMENT['GIT_SSH_COMMAND']} {pin}"}


def _credentials(address: RepositoryAddress) -> dict[str, str]:
    """Hand the forge's token to git through the environment, where no process list shows it."""
    token = token_for(address.name)
    if token is None or address.scheme != "https":
        return {}
    basic = base64.b64encode(f"x-access-token:{token.get_secret_value()}".encode()).decode()
    return {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"http.https://{address.host}/.extraHeader",
        "GIT_CONFIG_VALUE_0": f"Authorization: Basic {basic}",
    }


@contextmanager
def _locked(mirror: Path) -> Iterator[None]:
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
