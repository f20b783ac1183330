"""GitHub's list of an organization's repositories.

Source: https://docs.github.com/en/rest/repos/repos#list-organization-repositories
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from picket.forges.listing import Listed, Listing, linked
from picket.forges.repositories import REPOSITORIES

_DATA_RESIDENCY = ".ghe.com"


def api(scheme: str, host: str) -> str:
    """Return where the API is: GitHub's own and its cloud with data residency have a host for it."""
    own = host == "github.com" or host.endswith(_DATA_RESIDENCY)
    return f"{scheme}://api.{host}" if own else f"{scheme}://{host}/api/v3"


def _first_url(scheme: str, host: str, name: str) -> str:
    where = f"{api(scheme, host)}/orgs/{quote(name, safe='')}/repos"
    return f"{where}?type=all&sort=created&direction=asc&per_page=100"


def _headers(token: str) -> Mapping[str, str]:
    headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
    return headers | ({"Authorization": f"Bearer {token}"} if token else {})


def _parse(_name: str, body: bytes) -> list[Listed]:
    return [repository.listed() for repository in REPOSITORIES.validate_json(body)]


LISTING = Listing(first_url=_first_url, headers=_headers, parse=_parse, next_url=linked)
