"""Where Bitbucket Data Center's APIs have a commit."""

from __future__ import annotations

from urllib.parse import quote

from picket.forges.status import Commit


def of_commit(commit: Commit, api: str) -> str:
    """Return the URL of a commit in one of the APIs, such as `api`."""
    home, project, name = _parts(commit)
    return f"{home}/rest/{api}/latest/projects/{quote(project)}/repos/{quote(name)}/commits/{commit.sha}"


def page_of(commit: Commit) -> str:
    """Return the URL of a commit's page."""
    home, project, name = _parts(commit)
    return f"{home}/projects/{quote(project)}/repos/{quote(name)}/commits/{commit.sha}"


def _parts(commit: Commit) -> tuple[str, str, str]:
    """Return where the server is, project and name of a repository that is cloned from `[FOLDER/]scm/PROJECT/NAME`."""
    *before, project, name = commit.path.split("/")
    if before[-1:] == ["scm"]:
        del before[-1]
    return "/".join((f"{commit.scheme}://{commit.host}", *map(quote, before))), project, name
