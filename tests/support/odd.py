"""Repositories that are unusual, or lack something. Those that spoil one return what is lacking."""

import shutil
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.support.repositories import IDENTITY, Work
from tests.support.secrets import aws_key, slack_token


def planted(path: Path, *options: str) -> Work:
    """Make a repository with secrets in changes, on a branch, in a merge, below a tag, in a note and in odd paths."""
    work = Work(path, *options)
    work.commit({"a": _assigned(1), "d/b": "x\n", "d/c": "y\n"})
    work.git("checkout", "--quiet", "-b", "side")
    work.commit({"side.py": _assigned(2), "ünï ¢.py": _assigned(3)})
    work.git("checkout", "--quiet", "main")
    work.commit({"a": f"# moved\n{_assigned(1)}{_assigned(4)}", "d/b": f"key = '{aws_key(1)}'\n"})
    work.git("merge", "--quiet", "--no-ff", "--no-commit", "side")
    work.commit({"merged.py": _assigned(5), "side.py": f"{_assigned(2)}{_assigned(6)}"}, "merge")
    work.git("mv", "d/c", "renamed")
    work.commit({"copy.py": _assigned(2) * 2})
    work.git("rm", "--quiet", "side.py")
    work.commit({})
    work.git("checkout", "--quiet", "--detach")
    work.commit({"tagged.py": _assigned(7)})
    work.git("tag", "--annotate", "-m", "v1", "v1")
    work.git("checkout", "--quiet", "main")
    work.git("notes", "add", "-m", _assigned(8))
    return work


def detached(work: Work) -> None:
    """Leave a work tree on a commit that no ref leads to."""
    work.git("checkout", "--quiet", "--detach", "side")
    work.commit({"detached.py": _assigned(20)})
    work.git("branch", "--quiet", "-D", "side")


def replaced(work: Work) -> None:
    """Replace a commit with one that has another secret in place of its own."""
    before = work.git("rev-parse", "HEAD~1")
    work.git("checkout", "--quiet", "--detach", "HEAD~2")
    work.commit({"instead.py": _assigned(21)})
    work.git("replace", before, "HEAD")
    work.git("checkout", "--quiet", "main")


def borrowing(work: Work, path: Path) -> Work:
    """Clone without objects of its own but those of one more commit."""
    work.git("clone", "--quiet", "--shared", str(work.path), str(path))
    clone = Work.at(path)
    clone.commit({"own.py": _assigned(22)})
    return clone


def many_branches(work: Work, count: int) -> None:
    """Add branches, each with a commit of its own; every thousandth has a secret."""
    head = work.head()

    def commands() -> Iterator[str]:
        for number in range(count):
            content = _assigned(1_000 + number) if number % 1_000 == 0 else f"{number}\n"
            yield _commit(f"refs/heads/many/{number}", 1_600_000_000 + number, head)
            yield _file(f"many/{number}", content)

    _import(work, commands())


def wide_commit(work: Work, count: int) -> None:
    """Add a commit of many files in many folders; every thousandth has a secret."""
    head = work.head()

    def commands() -> Iterator[str]:
        yield _commit("refs/heads/wide", 1_600_000_000, head)
        for number in range(count):
            content = _assigned(2_000 + number) if number % 1_000 == 0 else f"{number}\n"
            yield _file(f"wide/{number % 100}/{number}", content)

    _import(work, commands())


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


def _assigned(seed: int) -> str:
    return f"token = '{slack_token(seed)}'\n"


def _commit(ref: str, clock: int, parent: str) -> str:
    return f"commit {ref}\ncommitter C <c@example.com> {clock} +0000\n{_data('many')}from {parent}\n"


def _file(path: str, content: str) -> str:
    return f"M 100644 inline {path}\n{_data(content)}"


def _data(text: str) -> str:
    return f"data {len(text.encode())}\n{text}\n"


def _import(work: Work, commands: Iterable[str]) -> None:
    work.git("fast-import", "--quiet", stdin="".join(commands).encode())
