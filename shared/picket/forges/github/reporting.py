"""GitHub's commit statuses. Source: https://docs.github.com/en/rest/commits/statuses#create-a-commit-status."""

from __future__ import annotations

import json
from urllib.parse import quote

from picket.forges.reporting import Commit, Reporting, Request, Status

_LONGEST = 140
"""Characters of a description."""


def _request(commit: Commit, status: Status, token: str) -> Request:
    base = "https://api.github.com" if commit.host == "github.com" else f"{commit.scheme}://{commit.host}/api/v3"
    told = {"state": status.state, "context": commit.context, "description": status.description[:_LONGEST]}
    body = json.dumps({**told, **({"target_url": status.url} if status.url else {})}).encode()
    headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
    headers |= {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    return Request(f"{base}/repos/{quote(commit.path)}/statuses/{commit.sha}", headers, body)


REPORTING = Reporting(request=_request)
