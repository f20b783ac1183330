"""Asking a repository's server: checked and pinned addresses, credentials, limits, and nothing else allowed."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar
from urllib.parse import unquote, urlsplit

from picket.commits.repository import RepositoryAddress
from picket.effects.forge.tokens import token_for
from picket.effects.git.address import resolve
from picket.effects.git.command import GitFailed, Limits, run, run_limited
from picket.effects.git.failures import meaning
from picket.effects.git.hardening import ENVIRONMENT
from picket.errors import Gone
from picket.forges import FORGES, accounts
from picket.settings import settings

_REDIRECTED = re.compile(r"redirect|returned error: 30\d", re.IGNORECASE)
_MAX_LISTING_BYTES = 256 * 1024 * 1024
"""A million refs of 200 bytes each fit in."""
_LOCAL_SERVER = "git -c safe.directory=* -c uploadpack.allowAnySHA1InWant=true upload-pack"
"""A folder may belong to somebody else, which git must be told to accept; a work tree's HEAD needs no ref there."""
_HTTPS = 443

T = TypeVar("T")


def advertised(address: RepositoryAddress) -> dict[str, str]:
    """Ask a server for its refs.

    Returns:
        Object id by full ref name, `HEAD` among them where it leads to a commit. What is broken there, or named
        as git names no ref, is listed as well.

    Raises:
        PicketError: As `failures.meaning` says.
    """
    return _asked(address, lambda url: _listing(address, url))


def branches_and_tags(address: RepositoryAddress) -> dict[str, str]:
    """Ask a server for its branches and tags alone: some have a hundred times as many refs of pull requests.

    Returns and raises as `advertised`.
    """
    return _asked(address, lambda url: _listing(address, url, "--heads", "--tags"))


def fetch(mirror: Path, address: RepositoryAddress, *what: str, depth: int = 0) -> str:
    """Fetch *what*, refspecs or object ids, into a mirror; with *depth*, no more than so many commits of each.

    Returns:
        What git said about it on standard error: its warnings.

    Raises:
        PicketError: As `failures.meaning` says; TooLarge: it grew beyond the limit.
    """
    return _asked(address, lambda url: _fetched(mirror, address, url, *what, depth=depth))


def default_branch(address: RepositoryAddress) -> tuple[str, str]:
    """Ask a server where its `HEAD` leads.

    Returns:
        Full name of the default branch, empty where `HEAD` is detached, and the commit that it is at.

    Raises:
        Gone: The repository has no commit there.
        PicketError: As `failures.meaning` says.
    """
    lines = _asked(address, lambda url: _lines(address, url, "--symref", pattern="HEAD"))
    told = {line.partition("\t")[2]: line.partition("\t")[0] for line in lines if not line.startswith("ref: ")}
    if "HEAD" not in told:
        raise Gone("the repository has no commits")
    branch = next((line[5:].partition("\t")[0] for line in lines if line.startswith("ref: ")), "")
    return branch, told["HEAD"]


def worktree_heads(address: RepositoryAddress) -> tuple[str, ...]:
    """Return the commits that work trees of a folder of this machine have checked out; no server tells of them."""
    if address.host:
        return ()
    folder = Path(unquote(urlsplit(address.url).path))
    git_dir = folder / ".git" if (folder / ".git").exists() else folder
    try:
        listed = run(git_dir.resolve(), "worktree", "list", "--porcelain", config={"safe.directory": "*"})
    except GitFailed:
        return ()  # a folder that is no repository: the fetch says so
    heads = re.findall(rb"^HEAD ([0-9a-f]{40}|[0-9a-f]{64})$", listed, re.MULTILINE)
    return tuple(dict.fromkeys(head.decode() for head in heads if head.strip(b"0")))


def _asked(address: RepositoryAddress, ask: Callable[[str], T]) -> T:
    """Ask at the repository's URL, and with `.git` behind it where the server redirects there.

    GitLab redirects `name` to `name.git`; redirects are off because they could lead to a private address.
    """
    try:
        return ask(address.url)
    except GitFailed as error:
        if not _REDIRECTED.search(error.reason) or address.url.endswith(".git"):
            raise meaning(error) from None
    try:
        return ask(f"{address.url}.git")
    except GitFailed as error:
        raise meaning(error) from None


def _listing(address: RepositoryAddress, url: str, *options: str) -> dict[str, str]:
    lines = (line.partition("\t") for line in _lines(address, url, *options))
    return {name: oid for oid, _, name in lines if not name.endswith("^{}")}


def _lines(address: RepositoryAddress, url: str, *options: str, pattern: str = "") -> list[str]:
    """Return what `git ls-remote` prints."""
    with tempfile.TemporaryDirectory(prefix="picket-refs-") as folder:
        listing = Path(folder) / "refs"
        arguments = ["ls-remote", "--quiet", *options, *_server(address), "--", url]
        arguments += [pattern] if pattern else []
        limits = Limits(settings().fetch_timeout_seconds, _MAX_LISTING_BYTES, Path(folder))
        with listing.open("wb") as stdout:
            config, environment = _surroundings(address)
            run_limited(None, *arguments, limits=limits, config=config, environment=environment, stdout=stdout)
        listed = listing.read_bytes().decode("utf-8", "surrogateescape")
        # Not `splitlines`: names may hold what Unicode takes for the end of a line, and git does not.
        return [line for line in listed.split("\n") if line]


def _fetched(mirror: Path, address: RepositoryAddress, url: str, *what: str, depth: int) -> str:
    arguments = (
        *("fetch", "--quiet", "--prune", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance", "--force"),
        *([f"--depth={depth}"] if depth else []),
        *(*_server(address), "--", url, *what),
    )
    limits = Limits(settings().fetch_timeout_seconds, settings().max_repository_bytes, mirror / "objects" / "pack")
    config, environment = _surroundings(address)
    return run_limited(mirror, *arguments, limits=limits, config=config, environment=environment)


def _server(address: RepositoryAddress) -> list[str]:
    return [] if address.host else [f"--upload-pack={_LOCAL_SERVER}"]


def _surroundings(address: RepositoryAddress) -> tuple[dict[str, str], dict[str, str]]:
    """Return configuration and environment of a git command that may connect to *address* only."""
    config = {f"protocol.{address.scheme}.allow": "always", **_pinned(address)}
    return config, {"GIT_ALLOW_PROTOCOL": address.scheme, **credentials(address), **_pinned_ssh(address)}


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


def _authorization(host: str, token: str) -> str:
    """Return what git sends: a token may be a user and password, as Atlassian's are; else the forge has a user for it.

    Source: https://learn.microsoft.com/en-us/azure/devops/integrate/get-started/authentication/service-principal-managed-identity
    """
    if host == FORGES["azure"].home and accounts.is_jwt(token):
        return f"Bearer {token}"
    users = (forge.git_user for forge in FORGES.values() if forge.home == host)
    return accounts.basic(token if ":" in token else f"{next(users, 'x-access-token')}:{token}")


def credentials(address: RepositoryAddress) -> dict[str, str]:
    """Return the environment that hands the forge's token to git, where no process list shows it.

    Git compares the port as well: a token for the host alone would not be sent to another port than https's own.

    Raises:
        PicketError: As `token_for`.
    """
    token = None if address.anonymous else token_for(address.name)
    if token is None or address.scheme != "https":
        return {}
    port = "" if address.port == _HTTPS else f":{address.port}"
    host = f"[{address.host}]" if ":" in address.host else address.host
    return {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"http.https://{host}{port}/.extraHeader",
        "GIT_CONFIG_VALUE_0": f"Authorization: {_authorization(address.host, token.get_secret_value())}",
    }
