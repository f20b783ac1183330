"""Gitea's and Forgejo's commit statuses. Source: https://docs.gitea.com/api/ (repoCreateStatus)."""

from __future__ import annotations

from picket.forges.gitea.review import repository, review
from picket.forges.reporting import Reporting
from picket.forges.request import Request, with_json
from picket.forges.status import Commit, Status


def _request(commit: Commit, status: Status) -> Request:
    told = {
        "state": status.state,
        "context": commit.context,
        "description": status.description,
        "target_url": status.url,
    }
    return with_json("POST", f"{repository(commit)}/statuses/{commit.sha}", told)


REPORTING = Reporting(
    headers=lambda token: {"Authorization": f"token {token}", "Accept": "application/json"},
    request=_request,
    review=review,
)
