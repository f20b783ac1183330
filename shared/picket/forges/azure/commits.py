"""Where Azure DevOps' API has a repository, and what it is told of a commit.

Source: https://learn.microsoft.com/en-us/rest/api/azure/devops/git/statuses/create?view=azure-devops-rest-7.1
"""

from __future__ import annotations

from urllib.parse import quote

from picket.forges.status import Commit, State, Status

VERSION = "api-version=7.1"
GENRE = "picket"
_STATES: dict[State, str] = {"pending": "pending", "success": "succeeded", "failure": "failed", "error": "error"}
_SSH = ("ssh.dev.azure.com", "v3/")
_FORMER = ".visualstudio.com"
"""Hosts of organizations before they were paths of dev.azure.com."""


def of_repository(commit: Commit) -> str:
    """Return the URL of a repository in the API.

    It is cloned from `ORGANIZATION/[PROJECT/]_git/NAME`, the project left out where it has the repository's name; from
    a server, `tfs/COLLECTION` may stand in place of the organization.
    """
    host, path = commit.host, commit.path
    if host == _SSH[0] and path.startswith(_SSH[1]):
        organization, project, name = path.removeprefix(_SSH[1]).split("/", 2)
        host, before = "dev.azure.com", [organization, project]
    else:
        left, _, name = path.rpartition("_git/")
        before = [part for part in left.split("/") if part]
    if len(before) == _root(host, before):
        before.append(name)
    where = "/".join((f"{commit.scheme}://{host}", *map(quote, before)))
    return f"{where}/_apis/git/repositories/{quote(name, safe='')}"


def _root(host: str, parts: list[str]) -> int:
    """Return how many parts of a path come before the project."""
    first = parts[0].lower() if parts else ""
    if host.endswith(_FORMER):
        return int(first == "defaultcollection")
    return 2 if first == "tfs" else 1


def told(commit: Commit, status: Status) -> dict[str, object]:
    """Return a status as Azure takes it; it shows its name as `picket/NAME`."""
    context = {"genre": GENRE, "name": commit.context.removeprefix(f"{GENRE}/")}
    said: dict[str, object] = {"state": _STATES[status.state], "description": status.description, "context": context}
    return said | ({"targetUrl": status.url} if status.url else {})
