"""GitHub's list of an organization's repositories, or a user's.

A user's name gives the public ones; all of them are told to the user alone, whom the token must be of.

Source: https://docs.github.com/en/rest/repos/repos (list-organization-repositories, list-repositories-for-a-user,
list-repositories-for-the-authenticated-user), https://docs.github.com/en/rest/users/users#get-the-authenticated-user
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, urlsplit

from pydantic import BaseModel, ConfigDict, Field

from picket.forges.listing import Listed, Listing, Own, linked
from picket.forges.repositories import REPOSITORIES

_DATA_RESIDENCY = ".ghe.com"
_OWN = "/user/repos"


class _User(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    login: str = Field(max_length=255)


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


def _user_url(scheme: str, host: str, name: str) -> str:
    where = f"{api(scheme, host)}/users/{quote(name, safe='')}/repos"
    return f"{where}?type=owner&sort=created&direction=asc&per_page=100"


def _own_url(scheme: str, host: str, _name: str) -> str:
    return f"{api(scheme, host)}{_OWN}?affiliation=owner&sort=created&direction=asc&per_page=100"


def _is_of(name: str, body: bytes) -> bool:
    return _User.model_validate_json(body).login.lower() == name.lower()


def _parse(name: str, url: str, body: bytes) -> list[Listed]:
    """Read a page; of the token's own user only what is that user's: the token may be another's since."""
    found = REPOSITORIES.validate_json(body)
    if urlsplit(url).path.endswith(_OWN):
        found = [one for one in found if one.full_name.partition("/")[0].lower() == name.lower()]
    return [repository.listed() for repository in found]


LISTING = Listing(
    first_url=_first_url,
    headers=_headers,
    parse=_parse,
    next_url=linked,
    user_url=_user_url,
    own=Own(whose_url=lambda scheme, host: f"{api(scheme, host)}/user", is_of=_is_of, first_url=_own_url),
)
