"""Repositories that lack something, made from one that is whole. Those that spoil one return what is lacking."""

import shutil
import subprocess
from pathlib import Path

from tests.support.repositories import IDENTITY, Work


def shallow(work: Work, path: Path) -> Path:
    """Clone the last commit of every branch alone."""
    clone = ("clone", "--quiet", "--depth", "1", "--no-single-branch", work.path.as_uri(), str(path))
    work.git(*clone)
    return path


def sha256(path: Path) -> Work:
    """Make a repository with two commits whose ids have 64 hex digits."""
    made = Work(path, "--object-format=sha256")
    made.commit({"a": "1\n"})
    made.commit({"a": "2\n"})
    return made


def odd_names(work: Work, *names: str) -> None:
    """Give a repository refs whose names git does not take."""
    work.git("pack-refs", "--all")
    with (work.path / ".git" / "packed-refs").open("a") as refs:
        refs.writelines(f"{work.head()} {name}\n" for name in names)


def partial(work: Work, path: Path) -> str:
    """Clone without any blob."""
    work.git("config", "uploadpack.allowFilter", "true")
    work.git("clone", "--quiet", "--bare", "--filter=blob:none", work.path.as_uri(), str(path))
    return "partial clone"


def without_blob(work: Work, path: Path) -> str:
    """Copy without a blob."""
    return _without(work, path, "HEAD~1:a")


def without_tree(work: Work, path: Path) -> str:
    """Copy without a tree."""
    return _without(work, path, "HEAD~1:d")


def without_commit(work: Work, path: Path) -> str:
    """Copy without a commit in the middle of its history."""
    return _without(work, path, "HEAD~1")


def corrupt_pack(work: Work, path: Path) -> str:
    """Copy into one pack, a few bytes of which are turned over."""
    shutil.copytree(work.path, path)
    _git(path, "repack", "-a", "-d", "-q")
    [pack] = path.glob(".git/objects/pack/*.pack")
    content = bytearray(pack.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 6] = bytes(255 - byte for byte in content[middle : middle + 6])
    pack.chmod(0o644)
    pack.write_bytes(content)
    return "object "


def alternates_gone(work: Work, path: Path) -> str:
    """Clone what borrows its objects from a repository that is then not there any more."""
    work.git("clone", "--quiet", "--shared", str(work.path), str(path))
    (path / ".git" / "objects" / "info" / "alternates").write_text("/nosuch/objects\n")
    return work.head()


def _without(work: Work, path: Path, name: str) -> str:
    shutil.copytree(work.path, path)
    oid = work.git("rev-parse", name)
    (path / ".git" / "objects" / oid[:2] / oid[2:]).unlink()
    return oid


def _git(path: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", str(path), *arguments], env=IDENTITY | {"PATH": "/usr/bin:/bin"}, check=True)
