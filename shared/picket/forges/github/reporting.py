"""GitHub's commit statuses. Source: https://docs.github.com/en/rest/commits/statuses#create-a-commit-status."""

from __future__ import annotations

from urllib.parse import quote

from picket.forges.github.listing import LISTING, api
from picket.forges.reporting import Commit, Reporting, Status
from picket.forges.request import Request, with_json

_LONGEST = 140
"""Characters of a description."""


def _request(commit: Commit, status: Status) -> Request:
    told = {"state": status.state, "context": commit.context, "description": status.description[:_LONGEST]}
    told |= {"target_url": status.url} if status.url else {}
    return with_json("POST", f"{repository(commit)}/statuses/{commit.sha}", told)


def repository(commit: Commit) -> str:
    """Return the URL of a commit's repository in the API."""
    return f"{api(commit.scheme, commit.host)}/repos/{quote(commit.path)}"


REPORTING = Reporting(headers=lambda token: dict(LISTING.headers(token)), request=_request)
