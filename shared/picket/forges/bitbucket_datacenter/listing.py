"""Bitbucket Data Center's list of a project's repositories; `~user` is a user's own project.

Source: https://developer.atlassian.com/server/bitbucket/rest/v1000/api-group-project/
(api-api-latest-projects-projectkey-repos-get), and "Paged APIs" there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from pydantic import BaseModel, ConfigDict, Field

from picket.errors import Unsupported
from picket.forges.accounts import headers_of
from picket.forges.bitbucket.listing import Links
from picket.forges.listing import NAME, Listed, Listing

_LIMIT = 1_000
_NAMED = re.compile(rf"~?{NAME.pattern}")


class _Project(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    public: bool = False


class _Repository(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    id: int = Field(ge=0, lt=2**63)
    slug: str = Field(max_length=255)
    links: Links
    public: bool = False
    archived: bool = False
    origin: dict[str, Any] | None = None
    project: _Project = _Project()

    def listed(self) -> Listed:
        known, fork = "public" if self.public or self.project.public else "private", self.origin is not None
        return Listed(self.slug, self.links.clone_url(), str(self.id), known, self.archived, fork)


class _Page(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    values: list[_Repository]
    is_last: bool = Field(alias="isLastPage")
    next_start: int | None = Field(default=None, alias="nextPageStart", ge=0, lt=2**31)


def _first_url(scheme: str, host: str, name: str) -> str:
    return f"{scheme}://{host}/rest/api/latest/projects/{quote(name, safe='~')}/repos?limit={_LIMIT}&start=0"


def _parse(_name: str, _url: str, body: bytes) -> list[Listed]:
    return [repository.listed() for repository in _Page.model_validate_json(body).values]


def _next_url(url: str, _headers: Mapping[str, str], body: bytes) -> str:
    page, parts = _Page.model_validate_json(body), urlsplit(url)
    if page.is_last:
        return ""
    if page.next_start is None or page.next_start <= int(parse_qs(parts.query)["start"][0]):
        raise Unsupported("the forge's next page is not one that follows")
    return parts._replace(query=f"limit={_LIMIT}&start={page.next_start}").geturl()


LISTING = Listing(
    first_url=_first_url, headers=headers_of, parse=_parse, next_url=_next_url, named=_NAMED, within="scm/"
)
