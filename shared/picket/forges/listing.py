"""How a forge's API lists the repositories of an organization: requests and answers, without sending anything."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

_LINK = re.compile(r"<([^<>]{1,4096})>([^<]*)")
_NEXT = re.compile(r";\s*rel\s*=\s*\"?next\"?\s*(?:[;,]|$)", re.IGNORECASE)


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
class Listing:
    """One forge's list.

    Attributes:
        first_url: From scheme, host and port, and the organization's name to the URL of the first page: everything,
            in an order in which what is new comes last.
        headers: From the access token, empty without one, to headers.
        parse: From the organization's name and the body to repositories; raises `pydantic.ValidationError`.
        next_url: From the page's URL and the answer's headers (lower-case names) to the URL of the next page, empty
            after the last; raises `Unsupported` if it does not follow.
    """

    first_url: Callable[[str, str, str], str]
    headers: Callable[[str], Mapping[str, str]]
    parse: Callable[[str, bytes], list[Listed]]
    next_url: Callable[[str, Mapping[str, str]], str]


def linked(_url: str, headers: Mapping[str, str]) -> str:
    """Return the next page that a `Link` header names. Source: RFC 8288."""
    links = _LINK.findall(headers.get("link", ""))
    return next((link for link, parameters in links if _NEXT.search(parameters)), "")
