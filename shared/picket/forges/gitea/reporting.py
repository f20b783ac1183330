"""Gitea's and Forgejo's commit statuses. Source: https://docs.gitea.com/api/ (repoCreateStatus)."""

from __future__ import annotations

from urllib.parse import quote

from picket.forges.reporting import Commit, Reporting, Status
from picket.forges.request import Request, with_json


def _request(commit: Commit, status: Status) -> Request:
    told = {
        "state": status.state,
        "context": commit.context,
        "description": status.description,
        "target_url": status.url,
    }
    return with_json("POST", f"{repository(commit)}/statuses/{commit.sha}", told)


def repository(commit: Commit) -> str:
    """Return the URL of a commit's repository in the API."""
    return f"{commit.scheme}://{commit.host}/api/v1/repos/{quote(commit.path)}"


REPORTING = Reporting(
    headers=lambda token: {"Authorization": f"token {token}", "Accept": "application/json"}, request=_request
)
