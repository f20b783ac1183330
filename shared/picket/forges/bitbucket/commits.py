"""Where Bitbucket Cloud's API has a commit."""

from __future__ import annotations

from urllib.parse import quote

from picket.forges.bitbucket.hooks import api
from picket.forges.status import Commit


def of_commit(commit: Commit) -> str:
    """Return the URL of a commit in the API."""
    return f"{api(commit.scheme, commit.host)}/repositories/{quote(commit.path)}/commit/{commit.sha}"
