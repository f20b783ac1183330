"""Bitbucket Cloud's build statuses.

Source: https://developer.atlassian.com/cloud/bitbucket/rest/api-group-commit-statuses/#api-repositories-workspace-repo-slug-commit-commit-statuses-build-post.
"""

from __future__ import annotations

import json
from urllib.parse import quote

from picket.forges.reporting import Commit, Reporting, Request, State, Status

_STATES: dict[State, str] = {
    "pending": "INPROGRESS",
    "success": "SUCCESSFUL",
    "failure": "FAILED",
    "error": "STOPPED",
}


def _request(commit: Commit, status: Status, token: str) -> Request:
    home = f"https://{commit.host}/{commit.path}"  # a URL is wanted; the repository's own where there is no other
    told = {
        "key": commit.context,
        "name": commit.context,
        "state": _STATES[status.state],
        "description": status.description,
    }
    told |= {"url": status.url or home, **({"refname": commit.branch} if commit.branch else {})}
    base = "https://api.bitbucket.org" if commit.host == "bitbucket.org" else f"{commit.scheme}://{commit.host}"
    url = f"{base}/2.0/repositories/{quote(commit.path)}/commit/{commit.sha}/statuses/build"
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", "Accept": "application/json"}
    return Request(url, headers, json.dumps(told).encode())


REPORTING = Reporting(request=_request)
