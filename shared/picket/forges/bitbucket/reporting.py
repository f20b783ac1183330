"""Bitbucket Cloud's build statuses.

Source: https://developer.atlassian.com/cloud/bitbucket/rest/api-group-commit-statuses/#api-repositories-workspace-repo-slug-commit-commit-statuses-build-post.
"""

from __future__ import annotations

from picket.forges.accounts import headers_of
from picket.forges.bitbucket.commits import of_commit
from picket.forges.bitbucket.review import review
from picket.forges.reporting import Reporting
from picket.forges.request import Request, with_json
from picket.forges.status import Commit, State, Status

_STATES: dict[State, str] = {
    "pending": "INPROGRESS",
    "success": "SUCCESSFUL",
    "failure": "FAILED",
    "error": "STOPPED",
}


def _request(commit: Commit, status: Status) -> Request:
    home = f"https://{commit.host}/{commit.path}"  # a URL is wanted; the repository's own where there is no other
    told = {"key": commit.context, "name": commit.context, "state": _STATES[status.state]}
    told |= {"description": status.description, "url": status.url or home}
    told |= {"refname": commit.branch} if commit.branch else {}
    return with_json("POST", f"{of_commit(commit)}/statuses/build", told)


REPORTING = Reporting(headers=lambda token: dict(headers_of(token)), request=_request, review=review)
