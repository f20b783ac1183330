"""Which repositories an organization has, as its forge tells: page by page, within its rate limits."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from pydantic import SecretStr, ValidationError

from picket.effects.exchange import Answer
from picket.effects.forge import transport
from picket.errors import Gone, TransientError, Unauthorized, Unsupported
from picket.forges import FORGES
from picket.forges.listing import Listed, Listing

_MAX_PAGE_ITEMS = 1_000
_LEAST_WAIT, _LONGEST_WAIT = 1.0, 6 * 3600.0
_DEFAULT_WAIT = 60.0
"""What GitHub asks for where it names no time."""
# RFC 9110, 8.8.3, without what is not ASCII.
_ETAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e]{1,200}"')


class RateLimited(TransientError):
    """The forge asks to come again later."""

    def __init__(self, message: str, seconds: float) -> None:
        """Say how many *seconds* later."""
        super().__init__(message)
        self.seconds = seconds


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


def fetch(forge: str, name: str, url: str, token: SecretStr | None, etag: str = "") -> Page | None:
    """Read one page.

    Args:
        forge: Name of the forge.
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
    known = FORGES[forge].listing
    answer = transport.get(url, _headers(known, token, etag))
    match answer.status:
        case 200:
            repositories = _parse(known, name, answer.body)
            following, mark = _next(known, url, answer.headers), answer.headers.get("etag", "")
            return Page(repositories, following, mark if _ETAG.fullmatch(mark) else "", _pause(answer))
        case 304 if etag:
            return None
        case 404 | 410:
            raise Gone("the forge knows no such organization, or the token may not see it")
        case 401:
            raise Unauthorized("the forge refuses the token" if token else "the forge wants a token")
        case 403 | 429:
            raise refusal(answer, "the token may not list this organization")
        case status if status >= 500 or status == 408:  # noqa: PLR2004 - HTTP's server errors, and its own timeout
            raise TransientError(f"the forge answered {status}")
        case status:
            raise Unsupported(f"the forge answered {status}")


def _headers(known: Listing, token: SecretStr | None, etag: str) -> dict[str, str]:
    headers = {"User-Agent": "picket", **known.headers(token.get_secret_value() if token else "")}
    return headers | ({"If-None-Match": etag} if etag else {})


def _parse(known: Listing, name: str, body: bytes) -> tuple[Listed, ...]:
    try:
        found = known.parse(name, body)
    except ValidationError as error:
        first = error.errors(include_input=False, include_context=False, include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "body"
        raise Unsupported(f"the forge's answer is not a list of repositories: {where}: {first['type']}") from None
    if len(found) > _MAX_PAGE_ITEMS:
        raise Unsupported(f"the forge's page has more than {_MAX_PAGE_ITEMS} repositories")
    return tuple(found)


def _next(known: Listing, url: str, headers: Mapping[str, str]) -> str:
    """Return the URL of the next page, "" after the last.

    Raises:
        Unsupported: It leads to another host, or back here.
    """
    following = known.next_url(url, headers)
    if following and not transport.is_of(following, transport.origin_of(url)):
        raise Unsupported("the forge's next page is on another host")
    if following == url:
        raise Unsupported("the forge's next page is not one that follows")
    return following


def _pause(answer: Answer) -> float:
    """Return how long to wait before the next request: 0.0 while there are requests left."""
    return _until_reset(answer.headers) if _remaining(answer.headers) == "0" else 0.0


def refusal(answer: Answer, otherwise: str) -> Exception:
    """Tell a rate limit from a token that may not do this: both are answered 403 by GitHub."""
    limited = answer.status == 429 or _remaining(answer.headers) == "0" or "retry-after" in answer.headers  # noqa: PLR2004
    if not limited:
        return Unauthorized(otherwise)
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
