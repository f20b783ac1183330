"""Bitbucket Cloud's list of a workspace's repositories.

Source: https://developer.atlassian.com/cloud/bitbucket/rest/api-group-repositories/#api-repositories-workspace-get,
https://developer.atlassian.com/cloud/bitbucket/rest/intro/#pagination
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from picket.forges.accounts import headers_of
from picket.forges.listing import Listed, Listing, without_user

_FIELDS = "next,values.uuid,values.full_name,values.is_private,values.parent.uuid,values.links.clone"


class Link(BaseModel):
    """One way to clone a repository; `name` is https, http or ssh."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    name: str = Field(max_length=20)
    href: str = Field(max_length=2048)


class Links(BaseModel):
    """What a repository links to."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    clone: list[Link] = Field(default=[], max_length=20)

    def clone_url(self) -> str:
        """Return the URL for cloning over https, or else http, without a user; "" if there is none."""
        by_name = {link.name: link.href for link in self.clone}
        return without_user(by_name.get("https") or by_name.get("http") or "")


class _Repository(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    uuid: UUID
    full_name: str = Field(max_length=2048)
    is_private: bool
    links: Links
    parent: dict[str, Any] | None = None

    def listed(self) -> Listed:
        path, known = self.full_name.partition("/")[2], "private" if self.is_private else "public"
        return Listed(path, self.links.clone_url(), str(self.uuid), known, archived=False, fork=self.parent is not None)


class _Page(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    values: list[_Repository]
    next: str = Field(default="", max_length=4096)


def _first_url(scheme: str, host: str, name: str) -> str:
    api = "api.bitbucket.org" if host == "bitbucket.org" else host
    query = f"pagelen=100&sort=created_on&fields={quote(_FIELDS)}"
    return f"{scheme}://{api}/2.0/repositories/{quote(name, safe='')}?{query}"


def _parse(_name: str, _url: str, body: bytes) -> list[Listed]:
    return [repository.listed() for repository in _Page.model_validate_json(body).values]


def _next_url(_url: str, _headers: Mapping[str, str], body: bytes) -> str:
    return _Page.model_validate_json(body).next


LISTING = Listing(first_url=_first_url, headers=headers_of, parse=_parse, next_url=_next_url)
