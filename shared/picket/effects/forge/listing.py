"""Which repositories an organization or user has, as its forge tells: page by page, within its rate limits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import SecretStr, ValidationError

from picket.effects.exchange import Answer
from picket.effects.forge import client, transport
from picket.effects.forge.client import Absent, Caller, RateLimited
from picket.errors import Unauthorized, Unsupported
from picket.forges import FORGES, limits
from picket.forges.listing import Listed, Listing, Own

__all__ = ["Absent", "Page", "RateLimited", "fetch", "first_url", "first_urls"]
_MAX_PAGE_ITEMS = 1_000
_DEFAULT_PAUSE = 60.0
# RFC 9110, 8.8.3, without what is not ASCII.
_ETAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e]{1,200}"')


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the list; `next` is the URL of the one that follows, empty after the last.

    `pause` is how many seconds the forge wants to be left alone before that, 0.0 where it does not.
    """

    repositories: tuple[Listed, ...]
    next: str
    etag: str
    pause: float


def first_url(forge: str, scheme: str, host: str, name: str) -> str:
    """Return the URL of the first page.

    Args:
        forge: Name of the forge.
        scheme: https, or http on one machine.
        host: Host and port of the forge, as in its repositories' URLs.
        name: Name of the organization; of a GitLab group the whole path.
    """
    return FORGES[forge].listing.first_url(scheme, host, name)


def first_urls(forge: str, scheme: str, host: str, name: str, token: SecretStr | None) -> Iterator[str]:
    """Give the URLs of which one leads to the first page: the organization's, then the user's of that name.

    The second one is asked for where the first is gone. A token's own user is told of private repositories as well.

    Args:
        forge: Name of the forge.
        scheme: https, or http on one machine.
        host: Host and port of the forge, as in its repositories' URLs.
        name: Name of the organization or user.
        token: Access token, if there is one.

    Raises:
        PicketError: As `fetch`, when the forge does not say whose the token is.
    """
    known = FORGES[forge].listing
    yield known.first_url(scheme, host, name)
    if known.own is not None and token is not None and _is_own(forge, known.own, (scheme, host, name), token):
        yield known.own.first_url(scheme, host, name)
    elif known.user_url is not None:
        yield known.user_url(scheme, host, name)


def fetch(forge: str, name: str, url: str, token: SecretStr | None, etag: str = "") -> Page | None:
    """Read one page.

    Args:
        forge: Name of the forge.
        name: Name of the organization.
        url: Of the page: one of `first_urls`, or `next` of the page before.
        token: Access token, if there is one.
        etag: Of the page as it was read before; empty if it was not.

    Returns:
        The page; None if it is as it was.

    Raises:
        Absent: There is no such organization, or the token may not see it.
        Gone: The host does not exist.
        RateLimited: Later.
        TransientError: The forge has a problem, or does not answer.
        Unauthorized: The token is refused.
        Unsupported: The answer is not what this forge's API answers.
    """
    known = FORGES[forge].listing
    answer = _get(forge, url, token, etag)
    if answer.status == 304:  # noqa: PLR2004 - HTTP's not modified
        return None
    if answer.status != 200:  # noqa: PLR2004 - HTTP's success that has a body
        raise client.Refused(answer)
    repositories = _parse(known, name, url, answer.body)
    if not repositories and known.owner_url is not None:
        _get(forge, known.owner_url(url), token)
    following, mark = _next(known, url, answer), answer.headers.get("etag", "")
    return Page(repositories, following, mark if _ETAG.fullmatch(mark) else "", _pause(answer))


def _get(forge: str, url: str, token: SecretStr | None, etag: str = "") -> Answer:
    known = FORGES[forge].listing
    headers = known.headers(token.get_secret_value() if token else "")
    try:
        return client.get(Caller(forge, token), url, headers, etag=etag, most=known.max_bytes)
    except Absent as error:
        raise Absent("the forge knows no such organization or user, or the token may not see it") from error


def _is_own(forge: str, own: Own, where: tuple[str, str, str], token: SecretStr) -> bool:
    """Return whether a token is that of the user with the name that is asked for."""
    scheme, host, name = where
    try:
        return own.is_of(name, _get(forge, own.whose_url(scheme, host), token).body)
    except (Absent, Unauthorized):  # the token of an installation or a project is nobody's
        return False
    except ValidationError as error:
        raise _unreadable(error, "a user") from None


def _parse(known: Listing, name: str, url: str, body: bytes) -> tuple[Listed, ...]:
    try:
        found = known.parse(name, url, body)
    except ValidationError as error:
        raise _unreadable(error, "a list of repositories") from None
    if len(found) > _MAX_PAGE_ITEMS:
        raise Unsupported(f"the forge's page has more than {_MAX_PAGE_ITEMS} repositories")
    return tuple(found)


def _unreadable(error: ValidationError, what: str) -> Unsupported:
    """Say where an answer is not *what* it should be, and nothing of what it holds."""
    first = error.errors(include_input=False, include_context=False, include_url=False)[0]
    where = ".".join(map(str, first["loc"])) or "body"
    return Unsupported(f"the forge's answer is not {what}: {where}: {first['type']}")


def _next(known: Listing, url: str, answer: Answer) -> str:
    """Return the URL of the next page, "" after the last.

    Raises:
        Unsupported: It leads to another host, or back here.
    """
    following = known.next_url(url, answer.headers, answer.body)
    if following and not transport.is_of(following, transport.origin_of(url)):
        raise Unsupported("the forge's next page is on another host")
    if following == url:
        raise Unsupported("the forge's next page is not one that follows")
    return following


def _pause(answer: Answer) -> float:
    """Return how long to wait before the next request: 0.0 while there are requests left."""
    said = limits.read(answer.headers, client.clock())
    if said.pause is not None:
        return said.pause
    return (said.reset_in or _DEFAULT_PAUSE) if said.remaining == 0 else 0.0
