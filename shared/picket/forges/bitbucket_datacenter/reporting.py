"""Bitbucket Data Center's build statuses.

Source: https://developer.atlassian.com/server/bitbucket/rest/v1000/api-group-builds-and-deployments/#api-api-latest-projects-projectkey-repos-repositoryslug-commits-commitid-builds-post
"""

from __future__ import annotations

from picket.forges.accounts import headers_of
from picket.forges.bitbucket_datacenter.commits import of_commit, page_of
from picket.forges.bitbucket_datacenter.review import review
from picket.forges.reporting import Reporting
from picket.forges.request import Request, with_json
from picket.forges.status import Commit, State, Status

_STATES: dict[State, str] = {
    "pending": "INPROGRESS",
    "success": "SUCCESSFUL",
    "failure": "FAILED",
    "error": "FAILED",  # servers differ in whether a merge waits for one that is UNKNOWN
}


def _request(commit: Commit, status: Status) -> Request:
    told = {"key": commit.context, "name": commit.context, "state": _STATES[status.state]}
    told |= {"description": status.description, "url": status.url or page_of(commit)}
    told |= {"ref": f"refs/heads/{commit.branch}"} if commit.branch else {}
    return with_json("POST", f"{of_commit(commit, 'api')}/builds", told)


REPORTING = Reporting(headers=lambda token: dict(headers_of(token)), request=_request, review=review)
