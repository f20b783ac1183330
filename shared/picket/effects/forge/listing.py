"""Which repositories an organization has, as the forges tell: page by page, within their rate limits.

Sources: https://docs.github.com/en/rest/repos/repos#list-organization-repositories,
https://docs.gitlab.com/api/groups/#list-projects, https://docs.gitea.com/api/ (orgListRepos).
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Literal
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, SecretStr, TypeAdapter, ValidationError

from picket.effects.forge import transport
from picket.errors import Gone, TransientError, Unauthorized, Unsupported

Forge = Literal["github", "gitlab", "gitea"]
_MAX_PAGE_ITEMS = 1_000
_LEAST_WAIT, _LONGEST_WAIT = 1.0, 6 * 3600.0
_DEFAULT_WAIT = 60.0
"""What GitHub asks for where it names no time."""
_LINK = re.compile(r"<([^<>]{1,4096})>([^<]*)")
_NEXT = re.compile(r";\s*rel\s*=\s*\"?next\"?\s*(?:[;,]|$)", re.IGNORECASE)
_VERSIONS = {"github": "v3", "gitlab": "v4", "gitea": "v1"}
# RFC 9110, 8.8.3, without what is not ASCII.
_ETAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e]{1,200}"')
_ACCEPT = {"github": "application/vnd.github+json"}


class RateLimited(TransientError):
    """The forge asks to come again later."""

    def __init__(self, message: str, seconds: float) -> None:
        """Say how many *seconds* later."""
        super().__init__(message)
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Listed:
    """A repository as its forge lists it; `path` is relative to the organization."""

    path: str
    url: str
    number: int
    visibility: str
    archived: bool
    fork: bool


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the list; `next` is the URL of the one that follows, empty after the last.

    `pause` is how many seconds the forge wants to be left alone before that, 0.0 where it does not.
    """

    repositories: tuple[Listed, ...]
    next: str
    etag: str
    pause: float


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class _Repository(_Model):
    """GitHub's and Gitea's; only GitHub has `visibility`, only Gitea `internal`."""

    id: int = Field(ge=0, lt=2**63)
    full_name: str = Field(max_length=2048)
    clone_url: str = Field(max_length=2048)
    private: bool
    visibility: str = Field(default="", max_length=20)
    internal: bool = False
    archived: bool = False
    fork: bool = False

    def listed(self, _: str) -> Listed:
        known = self.visibility or ("private" if self.private else "internal" if self.internal else "public")
        path = self.full_name.partition("/")[2]
        return Listed(path, self.clone_url, self.id, known, self.archived, self.fork)


class _Project(_Model):
    """GitLab's."""

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
        return Listed(path, self.http_url_to_repo, self.id, self.visibility, self.archived, fork)


_REPOSITORIES = TypeAdapter(list[_Repository])
_PROJECTS = TypeAdapter(list[_Project])


def first_url(forge: Forge, scheme: str, host: str, name: str) -> str:
    """Return the URL of the first page: everything, in an order in which what is new comes last.

    Args:
        forge: Which API it is.
        scheme: https, or http on one machine.
        host: Host and port of the forge, as in its repositories' URLs.
        name: Name of the organization; of a GitLab group the whole path.
    """
    base = _base(forge, scheme, host)
    match forge:
        case "github":
            return f"{base}/orgs/{quote(name, safe='')}/repos?type=all&sort=created&direction=asc&per_page=100"
        case "gitlab":
            query = "include_subgroups=true&with_shared=false&order_by=id&sort=asc&per_page=100&page=1"
            return f"{base}/groups/{quote(name, safe='')}/projects?{query}"
        case "gitea":
            return f"{base}/orgs/{quote(name, safe='')}/repos?limit=50&page=1"


def fetch(forge: Forge, name: str, url: str, token: SecretStr | None, etag: str = "") -> Page | None:
    """Read one page.

    Args:
        forge: Which API it is.
        name: Name of the organization.
        url: Of the page: `first_url`, or `next` of the page before.
        token: Access token, if there is one.
        etag: Of the page as it was read before; empty if it was not.

    Returns:
        The page; None if it is as it was.

    Raises:
        Gone: There is no such organization, or the token may not see it.
        RateLimited: Later.
        TransientError: The forge has a problem, or does not answer.
        Unauthorized: The token is refused.
        Unsupported: The answer is not what this forge's API answers.
    """
    answer = transport.get(url, _headers(forge, token, etag))
    match answer.status:
        case 200:
            repositories = _parse(forge, name, answer.body)
            following, mark = _next(forge, url, answer.headers), answer.headers.get("etag", "")
            return Page(repositories, following, mark if _ETAG.fullmatch(mark) else "", _pause(answer))
        case 304 if etag:
            return None
        case 404 | 410:
            raise Gone("the forge knows no such organization, or the token may not see it")
        case 401:
            raise Unauthorized("the forge refuses the token" if token else "the forge wants a token")
        case 403 | 429:
            raise _refusal(answer)
        case status if status >= 500 or status == 408:  # noqa: PLR2004 - HTTP's server errors, and its own timeout
            raise TransientError(f"the forge answered {status}")
        case status:
            raise Unsupported(f"the forge answered {status}")


def _base(forge: Forge, scheme: str, host: str) -> str:
    """Return where an API is. GitHub's own and its cloud with data residency have a host for it."""
    if forge == "github" and (host == "github.com" or host.endswith(".ghe.com")):
        return f"{scheme}://api.{host}"
    return f"{scheme}://{host}/api/{_VERSIONS[forge]}"


def _headers(forge: Forge, token: SecretStr | None, etag: str) -> dict[str, str]:
    headers = {"Accept": _ACCEPT.get(forge, "application/json"), "User-Agent": "picket"}
    if forge == "github":
        headers["X-GitHub-Api-Version"] = "2022-11-28"
    if etag:
        headers["If-None-Match"] = etag
    if token is not None:
        secret = token.get_secret_value()
        named = {"github": f"Bearer {secret}", "gitlab": f"Bearer {secret}", "gitea": f"token {secret}"}
        headers["Authorization"] = named[forge]
    return headers


def _parse(forge: Forge, name: str, body: bytes) -> tuple[Listed, ...]:
    try:
        found = (_PROJECTS if forge == "gitlab" else _REPOSITORIES).validate_json(body)
    except ValidationError as error:
        first = error.errors(include_input=False, include_context=False, include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "body"
        raise Unsupported(f"the forge's answer is not a list of repositories: {where}: {first['type']}") from None
    if len(found) > _MAX_PAGE_ITEMS:
        raise Unsupported(f"the forge's page has more than {_MAX_PAGE_ITEMS} repositories")
    return tuple(repository.listed(name) for repository in found)


def _next(forge: Forge, url: str, headers: Mapping[str, str]) -> str:
    """Return the URL of the next page, "" after the last.

    Raises:
        Unsupported: It leads to another host, or back here.
    """
    if forge == "gitlab":
        number = headers.get("x-next-page", "")
        if not number:
            return ""
        if not re.fullmatch(r"[0-9]{1,6}", number) or int(number) <= int(url.rpartition("page=")[2]):
            raise Unsupported("the forge's next page is not one that follows")
        return f"{url.rpartition('page=')[0]}page={int(number)}"
    links = _LINK.findall(headers.get("link", ""))
    following = next((link for link, parameters in links if _NEXT.search(parameters)), "")
    if following and not transport.is_of(following, transport.origin_of(url)):
        raise Unsupported("the forge's next page is on another host")
    if following == url:
        raise Unsupported("the forge's next page is not one that follows")
    return following


def _pause(answer: transport.Answer) -> float:
    """Return how long to wait before the next request: 0.0 while there are requests left."""
    return _until_reset(answer.headers) if _remaining(answer.headers) == "0" else 0.0


def _refusal(answer: transport.Answer) -> Exception:
    """Tell a rate limit from a token that may not do this: both are answered 403 by GitHub."""
    limited = answer.status == 429 or _remaining(answer.headers) == "0" or "retry-after" in answer.headers  # noqa: PLR2004
    if not limited:
        return Unauthorized("the forge does not let the token list this organization")
    return RateLimited("the forge's rate limit is used up", _until_reset(answer.headers))


def _remaining(headers: Mapping[str, str]) -> str:
    return headers.get("x-ratelimit-remaining", headers.get("ratelimit-remaining", ""))


def _until_reset(headers: Mapping[str, str]) -> float:
    """Return how many seconds the forge asks to wait, within bounds: GitHub and GitLab give the reset in Unix time."""
    after, reset = headers.get("retry-after", ""), headers.get("x-ratelimit-reset", headers.get("ratelimit-reset", ""))
    if re.fullmatch(r"[0-9]{1,9}", after):
        seconds = float(after)
    elif after:
        seconds = _from_date(after)
    elif re.fullmatch(r"[0-9]{1,12}", reset):
        seconds = float(reset) - time.time()
    else:
        seconds = _DEFAULT_WAIT
    return min(max(seconds, _LEAST_WAIT), _LONGEST_WAIT)


def _from_date(text: str) -> float:
    try:
        return parsedate_to_datetime(text).timestamp() - time.time()
    except (ValueError, OverflowError):
        return _DEFAULT_WAIT
