"""`picket hooks`: git hooks that scan before a commit or a push."""

from __future__ import annotations

import shlex
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from picket.cli.client import fail

app = typer.Typer(no_args_is_help=True, help="Scan before each commit or push.")

_MARK = "# Installed by `picket hooks install`; `picket hooks uninstall` takes it away."
_BEFORE = ".before-picket"
# -P: git runs hooks in the work tree, and nothing there may pass for a module of Python's. -S: what installed packages
# want done whenever Python starts takes longer than git does; a scan that needs it has it done. What git says to a
# pre-push hook is kept, for a hook that was there before needs it, too. Of a remote that has only a URL nothing is
# known but what git says, so what other remotes have is looked at as well.
_COMMIT = """#!/bin/sh
{mark}
before="$0{before}"
if [ -x "$before" ]; then "$before" "$@" || exit $?; fi
exec {python} scan --staged
"""
_PUSH = """#!/bin/sh
{mark}
before="$0{before}"
lines=$(cat)
if [ -x "$before" ]; then printf '%s\\n' "$lines" | "$before" "$@" || exit $?; fi
printf '%s\\n' "$lines" | {python} scan --pre-push --remote="$1"
"""
_START = "import sys; sys.path += {folders}; from picket.cli import main; main()"
_SCRIPTS = {"pre-commit": _COMMIT, "pre-push": _PUSH}

Folder = Annotated[Path, typer.Argument(metavar="REPOSITORY", help="Work tree or repository.")]
Commit = Annotated[bool, typer.Option("--pre-commit", help="Before a commit: what is staged.")]
Push = Annotated[bool, typer.Option("--pre-push", help="Before a push: the commits that the remote lacks.")]


@app.command()
def install(repository: Folder = Path(), *, pre_commit: Commit = False, pre_push: Push = False) -> None:
    """Install hooks: both, unless one is named. A hook that is there already is kept, and runs first."""
    folder = _hooks_of(repository)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        fail(f"{folder}: {error.strerror}")
    for name in _chosen(pre_commit=pre_commit, pre_push=pre_push):
        path, fresh = folder / name, folder / f"{name}.new-picket"
        fresh.write_text(_script(name))
        fresh.chmod(0o755)
        try:
            _make_way(path)
            fresh.replace(path)
        finally:
            fresh.unlink(missing_ok=True)
        print(f"installed {path}")


@app.command()
def uninstall(repository: Folder = Path(), *, pre_commit: Commit = False, pre_push: Push = False) -> None:
    """Take the hooks away again, and put back what was there before them."""
    folder = _hooks_of(repository)
    for name in _chosen(pre_commit=pre_commit, pre_push=pre_push):
        path, kept = folder / name, folder / f"{name}{_BEFORE}"
        if path.is_symlink() or not path.exists() or not _is_ours(path):
            continue
        path.unlink()
        if kept.exists():
            kept.rename(path)
        print(f"removed {path}")


def python() -> list[str]:
    """Return how hooks start this program: told where to find what every scan imports."""
    found = [find_spec(name) for name in ("picket", "hyperscan")]
    folders = dict.fromkeys(str(Path(each.origin).parent.parent) for each in found if each and each.origin)
    return [sys.executable, "-P", "-S", "-c", _START.format(folders=ascii(list(folders)))]


def _script(name: str) -> str:
    return _SCRIPTS[name].format(mark=_MARK, before=_BEFORE, python=shlex.join(python()))


def _chosen(*, pre_commit: bool, pre_push: bool) -> list[str]:
    named = [name for name, wanted in (("pre-commit", pre_commit), ("pre-push", pre_push)) if wanted]
    return named or list(_SCRIPTS)


def _make_way(path: Path) -> None:
    """Move another's hook aside, from where ours calls it."""
    if path.is_symlink() or (path.exists() and not _is_ours(path)):
        kept = path.with_name(f"{path.name}{_BEFORE}")
        if kept.exists():
            fail(f"{path} and {kept} are both there, and neither is Picket's: move one away")
        path.rename(kept)


def _is_ours(path: Path) -> bool:
    return _MARK in path.read_text("utf-8", "replace")


def _hooks_of(repository: Path) -> Path:
    """Return the folder that git takes this repository's hooks from, `core.hooksPath` heeded."""
    from subprocess import run  # noqa: PLC0415 - with its like 12 ms that `--help` does without

    command = ["git", "-C", str(repository), "rev-parse", "--path-format=absolute", "--git-path", "hooks"]
    done = run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        fail(f"{repository}: {done.stderr.strip().removeprefix('fatal: ')}")
    return Path(done.stdout.strip())
