"""Gitea's and Forgejo's list of an organization's repositories, or a user's.

Source: https://docs.gitea.com/api/ (orgListRepos, userListRepos, orgGet, userGet)
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from picket.forges.listing import Listed, Listing, linked
from picket.forges.repositories import REPOSITORIES


def _first_url(scheme: str, host: str, name: str) -> str:
    return f"{scheme}://{host}/api/v1/orgs/{quote(name, safe='')}/repos?limit=50&page=1"


def _user_url(scheme: str, host: str, name: str) -> str:
    return f"{scheme}://{host}/api/v1/users/{quote(name, safe='')}/repos?limit=50&page=1"


def _owner_url(url: str) -> str:
    """Return the URL of an organization or user by that of its list, which is empty where they are hidden."""
    return url.rpartition("/repos?")[0] or url


def _headers(token: str) -> Mapping[str, str]:
    return {"Accept": "application/json", **({"Authorization": f"token {token}"} if token else {})}


def _parse(_name: str, _url: str, body: bytes) -> list[Listed]:
    return [repository.listed() for repository in REPOSITORIES.validate_json(body)]


LISTING = Listing(
    first_url=_first_url, headers=_headers, parse=_parse, next_url=linked, user_url=_user_url, owner_url=_owner_url
)
