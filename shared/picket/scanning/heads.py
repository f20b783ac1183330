"""What a repository's refs lead to, asked of git with few imports: a scan with nothing new needs no more."""

from __future__ import annotations

import os
import subprocess


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
    return [told, warned, _text(f"{common}/shallow"), *(_text(f"{folder}/HEAD") for folder in folders)]


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except FileNotFoundError:
        return ""
