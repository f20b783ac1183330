"""GitLab's list of a group's projects, or a user's.

Source: https://docs.gitlab.com/api/groups/#list-projects, https://docs.gitlab.com/api/projects/#list-a-users-projects
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from picket.errors import Unsupported
from picket.forges.listing import NAME, Listed, Listing

_PAGE = re.compile(r"[0-9]{1,6}")
# The path of a group, of at most 20 levels. Source: https://docs.gitlab.com/user/group/subgroups/
_NAMED = re.compile(rf"{NAME.pattern}(?:/{NAME.pattern}){{0,19}}")


class _Project(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    id: int = Field(ge=0, lt=2**63)
    path_with_namespace: str = Field(max_length=2048)
    http_url_to_repo: str = Field(max_length=2048)
    visibility: str = Field(default="", max_length=20)
    archived: bool = False
    forked_from_project: dict[str, Any] | None = None

    def listed(self, group: str) -> Listed:
        path = self.path_with_namespace
        if path.lower().startswith(f"{group.lower()}/"):
            path = path[len(group) + 1 :]
        fork = self.forked_from_project is not None
        return Listed(path, self.http_url_to_repo, str(self.id), self.visibility, self.archived, fork)


_PROJECTS = TypeAdapter(list[_Project])


def _first_url(scheme: str, host: str, name: str) -> str:
    query = "include_subgroups=true&with_shared=false&order_by=id&sort=asc&per_page=100&page=1"
    return f"{scheme}://{host}/api/v4/groups/{quote(name, safe='')}/projects?{query}"


def _user_url(scheme: str, host: str, name: str) -> str:
    return f"{scheme}://{host}/api/v4/users/{quote(name, safe='')}/projects?order_by=id&sort=asc&per_page=100&page=1"


def _headers(token: str) -> Mapping[str, str]:
    return {"Accept": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}


def _parse(name: str, _url: str, body: bytes) -> list[Listed]:
    return [project.listed(name) for project in _PROJECTS.validate_json(body)]


def _next_url(url: str, headers: Mapping[str, str], _body: bytes) -> str:
    number = headers.get("x-next-page", "")
    if not number:
        return ""
    before, _, present = url.rpartition("page=")
    if not _PAGE.fullmatch(number) or int(number) <= int(present):
        raise Unsupported("the forge's next page is not one that follows")
    return f"{before}page={int(number)}"


LISTING = Listing(
    first_url=_first_url, headers=_headers, parse=_parse, next_url=_next_url, named=_NAMED, user_url=_user_url
)
