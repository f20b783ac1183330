"""What a repository's refs lead to, asked of git with few imports: a scan with nothing new needs no more."""

from __future__ import annotations

import os
import subprocess

_STUB = "ref: refs/heads/.invalid"
"""What stands in HEAD where refs are kept in other files, as in reftables. Source: gitrepository-layout(5)."""


def refs_of(git_dir: str) -> list[str]:
    """Return every ref's object, type and name, git's warnings, cut-off points, and every work tree's HEAD.

    Raises:
        OSError: There is no such folder, or no git.
        subprocess.CalledProcessError: It is no repository.
    """
    command = ["git", "--git-dir", git_dir, "for-each-ref", "--format=%(objectname) %(objecttype) %(refname)"]
    done = subprocess.run(command, capture_output=True, check=True)
    told, warned = (text.decode(errors="surrogateescape") for text in (done.stdout, done.stderr))
    common = os.path.realpath(os.path.join(git_dir, _text(f"{git_dir}/commondir").strip()))
    trees = sorted(os.listdir(f"{common}/worktrees")) if os.path.isdir(f"{common}/worktrees") else []
    folders = [common, *(f"{common}/worktrees/{tree}" for tree in trees)]
    heads = [_text(f"{folder}/HEAD") for folder in folders]
    if any(head.strip() == _STUB for head in heads):
        heads = _asked(git_dir)
    return [told, warned, _text(f"{common}/shallow"), *heads]


def _asked(git_dir: str) -> list[str]:
    """Ask git for every work tree's commit and branch; that takes longer than reading files."""
    ask = ["git", "--git-dir", git_dir]
    listed = subprocess.run([*ask, "worktree", "list", "--porcelain"], capture_output=True, check=True).stdout.decode()
    own = subprocess.run([*ask, "rev-parse", "--verify", "--quiet", "HEAD"], capture_output=True, check=False).stdout
    found = [line.removeprefix("HEAD ") for line in listed.split("\n") if line.startswith("HEAD ")]
    return [commit for commit in (*found, own.decode().strip()) if commit.strip("0")] + [f"ref: {listed}"]


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except FileNotFoundError:
        return ""
