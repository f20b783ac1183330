"""Submodules, which are other repositories: told of by path and URL, and not looked at."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from picket.effects.git.command import GitFailed, run
from picket.scanning.formats import printable
from picket.scanning.work import SUBMODULE, Problem

_MOST_COMMITS = 50
"""Whose `.gitmodules` are read."""
_LONGEST = 200


def problems(git_dir: Path, submodules: Mapping[bytes, str]) -> list[Problem]:
    """Say once for each path that it is not looked at.

    Args:
        git_dir: The repository.
        submodules: For each path the commit whose `.gitmodules` tells its URL; empty for the index.
    """
    commits = list(dict.fromkeys(submodules.values()))[:_MOST_COMMITS]
    urls = {commit: _urls(git_dir, commit) for commit in commits}
    names = {path: path.decode("utf-8", "replace") for path in submodules}
    return [
        Problem(names[path], SUBMODULE, is_limit=True, source=urls.get(commit, {}).get(names[path], ""))
        for path, commit in submodules.items()
    ]


def shown(url: str) -> str:
    """Return a URL without what may be a credential in it: user, password, query, fragment."""
    scheme, there, rest = url.partition("://")
    rest = (rest if there else url).partition("?")[0].partition("#")[0].rpartition("@")[2]
    return printable(f"{scheme}{there}{rest}" if there else rest)[:_LONGEST]


def _urls(git_dir: Path, commit: str) -> dict[str, str]:
    """Read the URLs of a commit's submodules, by path, as git reads such a file."""
    pattern = r"^submodule\..*\.(path|url)$"
    try:
        listed = run(git_dir, "config", "-z", f"--blob={commit}:.gitmodules", "--get-regexp", pattern)
    except GitFailed:  # there is no such file, or it is no configuration
        return {}
    known: dict[str, dict[str, str]] = {}
    for entry in listed.decode("utf-8", "replace").split("\0"):
        key, _, value = entry.partition("\n")
        name, _, what = key.rpartition(".")
        known.setdefault(name, {})[what] = value
    return {each["path"]: shown(each["url"]) for each in known.values() if each.keys() >= {"path", "url"}}
