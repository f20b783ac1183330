"""What a scan is pointed at: a repository here or elsewhere, a folder, a file, standard input."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from picket.effects.git.hardening import child_environment
from picket.errors import Gone, Malformed
from picket.records import dataclass
from picket.scanning.files import read_text

_GITDIR = "gitdir: "
# Of the user's own configuration credentials, proxies and certificates are wanted; nothing that runs a program here.
_CLONE = ("-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false")
_TRANSPORTS = "https:http:ssh:git:file"
_PASSED_OVER = re.compile(rb"^error: \* Ignoring funny ref '(.*)' locally$", re.MULTILINE)
"""Said of names that git takes for none, while the clone succeeds. Source: `get_fetch_map` in git's remote.c."""
_OURS = (
    *("GIT_CONFIG_NOSYSTEM", "GIT_CONFIG_GLOBAL", "GIT_ASKPASS", "SSH_ASKPASS", "GIT_TERMINAL_PROMPT"),
    *("GIT_SSH_COMMAND", "GIT_ALLOW_PROTOCOL", "GIT_NO_LAZY_FETCH"),
)


@dataclass(frozen=True, slots=True)
class Repository:
    """A git directory to read from.

    `top` is its work tree, where there is one; `passed_over` are names of refs that git did not take when it cloned.
    """

    git_dir: Path
    top: Path | None = None
    passed_over: tuple[str, ...] = ()


def find_repository(start: Path) -> Repository | None:
    """Find the repository that *start*, a folder, is or lies in. No git is run, and nothing of it is trusted.

    As git does, a folder's `.git` comes before the folder itself: what looks like a git directory in a work tree was
    put there by somebody.

    Raises:
        Gone: A `.git` says that the repository is elsewhere, and it is not there.
    """
    start = start.resolve()
    for folder in (start, *start.parents):
        if git_dir := _git_dir_of(folder / ".git"):
            return Repository(git_dir, folder)
        if _is_git_dir(folder):
            return Repository(folder, folder.parent if folder.name == ".git" else None)
    return None


def nearer(target: Path, repository: Repository) -> Iterator[str]:
    """Name what would make another repository of the target, if it came to be there."""
    top = repository.top or repository.git_dir
    for folder in (target.resolve(), *target.resolve().parents):
        if folder == top.resolve():
            return
        yield from (str(folder / ".git"), str(folder / "HEAD"))


@contextmanager
def cloned(url: str) -> Iterator[Repository]:
    """Fetch every ref of a repository into a folder that is removed afterwards.

    Args:
        url: https, http, ssh or file URL, or `user@host:path`. The user's own git configuration gives access.

    Raises:
        Malformed: It is no such URL.
        Gone: Git could not fetch it; its reason is told.
    """
    if url.startswith("-") or "\n" in url or "\0" in url:
        raise Malformed("a repository's URL holds no line breaks and does not begin with a hyphen")
    import subprocess  # noqa: PLC0415 - a hook clones nothing
    import tempfile  # noqa: PLC0415

    environment = child_environment()
    for name in _OURS:
        environment.pop(name, None)
    environment["GIT_ALLOW_PROTOCOL"] = _TRANSPORTS
    with tempfile.TemporaryDirectory(prefix="picket-clone-") as folder:
        git_dir = Path(folder) / "mirror.git"
        command = ["git", *_CLONE, "clone", "--mirror", "--quiet", "--template=", "--", url, str(git_dir)]
        done = subprocess.run(command, stderr=subprocess.PIPE, env=environment, check=False)
        if done.returncode != 0:
            lines = done.stderr.decode(errors="replace").split("\n")
            reason = " / ".join(line.strip() for line in lines if line.strip())[:500]
            raise Gone(f"the repository cannot be cloned: {reason}")
        names = (name.decode("utf-8", "surrogateescape") for name in _PASSED_OVER.findall(done.stderr))
        yield Repository(git_dir, passed_over=tuple(names))


def _is_git_dir(folder: Path) -> bool:
    """Source: gitrepository-layout(5); a linked work tree's own folder has `commondir` in place of objects and refs."""
    if not (folder / "HEAD").exists():
        return False
    return (folder / "commondir").is_file() or ((folder / "objects").is_dir() and (folder / "refs").is_dir())


def _git_dir_of(marker: Path) -> Path | None:
    """Read a `.git`: the directory itself, or a file that says where it is (work trees, submodules)."""
    if marker.is_dir():
        return marker if _is_git_dir(marker) else None
    if not marker.is_file():
        return None
    text = read_text(marker).strip()
    named = marker.parent / text.removeprefix(_GITDIR)
    if not text.startswith(_GITDIR) or not _is_git_dir(named):
        raise Gone(f"{marker} names no repository that is there")
    return named.resolve()
