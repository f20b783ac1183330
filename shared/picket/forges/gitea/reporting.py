"""Gitea's and Forgejo's commit statuses. Source: https://docs.gitea.com/api/ (repoCreateStatus)."""

from __future__ import annotations

import json
from urllib.parse import quote

from picket.forges.reporting import Commit, Reporting, Request, Status


def _request(commit: Commit, status: Status, token: str) -> Request:
    told = {
        "state": status.state,
        "context": commit.context,
        "description": status.description,
        "target_url": status.url,
    }
    headers = {"Authorization": f"token {token}", "Content-Type": "application/json", "Accept": "application/json"}
    url = f"{commit.scheme}://{commit.host}/api/v1/repos/{quote(commit.path)}/statuses/{commit.sha}"
    return Request(url, headers, json.dumps(told).encode())


REPORTING = Reporting(request=_request)
