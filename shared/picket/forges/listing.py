"""How a forge's API lists the repositories of an organization: requests and answers, without sending anything."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}")
"""Name of an organization, as most forges have it: one segment of a path."""
_LINK = re.compile(r"<([^<>]{1,4096})>([^<]*)")
_NEXT = re.compile(r";\s*rel\s*=\s*\"?next\"?\s*(?:[;,]|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Listed:
    """A repository as its forge lists it.

    `path` is relative to the organization; `key` is the forge's own id, a number or a UUID, which stays when the
    repository is renamed or moves to another organization.
    """

    path: str
    url: str
    key: str
    visibility: str
    archived: bool
    fork: bool


@dataclass(frozen=True, slots=True)
class Own:
    """How a forge lists what a token's own user has, private ones too, where the user's name does not give it.

    Attributes:
        whose_url: From scheme and host to the URL that tells whose the token is.
        is_of: From the user's name and the body of that answer to whether the token is that user's; raises
            `pydantic.ValidationError`.
        first_url: From scheme, host and the user's name to the URL of the first page.
    """

    whose_url: Callable[[str, str], str]
    is_of: Callable[[str, bytes], bool]
    first_url: Callable[[str, str, str], str]


@dataclass(frozen=True, slots=True)
class Listing:
    """One forge's list.

    Attributes:
        first_url: From scheme, host and port, and the organization's name to the URL of the first page: everything,
            in an order in which what is new comes last.
        headers: From the access token, empty without one, to headers.
        parse: From the organization's name, the page's URL and the body to repositories; raises
            `pydantic.ValidationError`.
        next_url: From the page's URL, the answer's headers (lower-case names) and the body, which `parse` has read, to
            the URL of the next page, empty after the last; raises `Unsupported` if it does not follow.
        named: What an organization's name may be, whole.
        user_url: As `first_url`, of the user with that name; None where users have no repositories of their own.
        owner_url: From the URL of a page without repositories to that of what is there only if the token may see whose
            they would be; None where such a page is not there either.
        own: How a token's own user is listed, where that is another list.
        within: What stands before the organization's name in the paths of its repositories' URLs.
        max_bytes: How long a page may be; 0: as long as any answer of a forge.
    """

    first_url: Callable[[str, str, str], str]
    headers: Callable[[str], Mapping[str, str]]
    parse: Callable[[str, str, bytes], list[Listed]]
    next_url: Callable[[str, Mapping[str, str], bytes], str]
    named: re.Pattern[str] = NAME
    user_url: Callable[[str, str, str], str] | None = None
    owner_url: Callable[[str], str] | None = None
    own: Own | None = None
    within: str = ""
    max_bytes: int = 0


def linked(_url: str, headers: Mapping[str, str], _body: bytes) -> str:
    """Return the next page that a `Link` header names. Source: RFC 8288."""
    links = _LINK.findall(headers.get("link", ""))
    return next((link for link, parameters in links if _NEXT.search(parameters)), "")


def without_user(url: str) -> str:
    """Return a URL for cloning without the user that forges put before its host; as it is if it is no URL."""
    try:
        parts = urlsplit(url)
        return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    except ValueError:
        return url
