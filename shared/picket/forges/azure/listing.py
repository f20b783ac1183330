"""Azure DevOps' list of the repositories of an organization, or of one project of it.

The API tells everything in one answer, which has no pages. It is gone through in pieces, by the repositories' ids: the
fragment of a URL, which is never sent, says after which of them a piece begins.

Source: https://learn.microsoft.com/en-us/rest/api/azure/devops/git/repositories/list?view=azure-devops-rest-7.1
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote, urlsplit
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from picket.forges.accounts import basic, is_jwt
from picket.forges.listing import Listed, Listing, without_user

_AT_ONCE = 500
_AFTER = "after="
# Source: https://learn.microsoft.com/en-us/azure/devops/organizations/settings/naming-restrictions
_PROJECT = r"(?=[^._])[^\x00-\x1f\x7f\\/:*?\"'<>|;#${},+=\[\]]{1,64}(?<![. ])"
_NAMED = re.compile(rf"[A-Za-z0-9](?:[A-Za-z0-9-]{{0,48}}[A-Za-z0-9])?(?:/(?! ){_PROJECT})?")
_VISIBILITY = {"organization": "internal"}


class _Project(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    name: str = Field(max_length=256)
    visibility: str = Field(default="private", max_length=20)


class _Repository(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    id: UUID
    name: str = Field(max_length=1024)
    url: str = Field(alias="remoteUrl", default="", max_length=2048)
    project: _Project
    disabled: bool = Field(alias="isDisabled", default=False)
    fork: bool = Field(alias="isFork", default=False)

    def listed(self, *, of_project: bool) -> Listed:
        path = self.name if of_project else f"{self.project.name}/{self.name}"
        known = _VISIBILITY.get(self.project.visibility.lower(), self.project.visibility.lower())
        return Listed(path, without_user(self.url), str(self.id), known, self.disabled, self.fork)


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    value: list[_Repository]


def _first_url(scheme: str, host: str, name: str) -> str:
    return f"{scheme}://{host}/{quote(name)}/_apis/git/repositories?api-version=7.1"


def _headers(token: str) -> Mapping[str, str]:
    """Send a personal access token as a password without user, one of Microsoft Entra as Bearer."""
    if not token:
        return {"Accept": "application/json"}
    said = f"Bearer {token}" if is_jwt(token) else basic(f":{token}")
    return {"Accept": "application/json", "Authorization": said}


def _piece(url: str, body: bytes) -> tuple[list[_Repository], bool]:
    """Return the piece that *url* is of, and whether there is more after it."""
    after = urlsplit(url).fragment.removeprefix(_AFTER)
    found = sorted(_Answer.model_validate_json(body).value, key=lambda one: str(one.id))
    left = [one for one in found if str(one.id) > after]
    return left[:_AT_ONCE], len(left) > _AT_ONCE


def _parse(name: str, url: str, body: bytes) -> list[Listed]:
    return [repository.listed(of_project="/" in name) for repository in _piece(url, body)[0]]


def _next_url(url: str, _headers: Mapping[str, str], body: bytes) -> str:
    found, is_more = _piece(url, body)
    return urlsplit(url)._replace(fragment=f"{_AFTER}{found[-1].id}").geturl() if is_more else ""


LISTING = Listing(
    first_url=_first_url,
    headers=_headers,
    parse=_parse,
    next_url=_next_url,
    named=_NAMED,
    max_bytes=32 * 1024 * 1024,
)
