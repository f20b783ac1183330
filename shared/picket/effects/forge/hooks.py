"""A forge's webhooks at one place: listed, made, mended and taken away through its API."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from pydantic import SecretStr, ValidationError

from picket.commits.repository import RepositoryAddress
from picket.effects import exchange
from picket.effects.exchange import Answer, Limits, Outgoing
from picket.effects.forge import transport
from picket.effects.forge.listing import RateLimited, refusal
from picket.effects.git.address import resolve
from picket.errors import Gone, Misconfigured, TransientError, Unauthorized, Unsupported
from picket.forges.hooks import Attempt, Hook, Managing, Place, Wanted
from picket.forges.request import Request

_MOST_PAGES = 20
_SECONDS = 20.0
_SIZE = 4 * 1024 * 1024
_LATER = frozenset({408, 425})
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Keeper:
    """Who manages webhooks at a place: how, where, and by what right."""

    managing: Managing
    place: Place
    token: SecretStr

    def located(self) -> Keeper:
        """Return the same with the forge's own id of the place, where its requests need that."""
        if self.managing.key_url is None or self.place.key:
            return self
        answer = self._ask(Request("GET", self.managing.key_url(self.place)))
        return replace(self, place=replace(self.place, key=self._read(self.managing.parse_key, answer)))

    def there(self) -> list[Hook]:
        """Return every webhook that is there.

        Raises:
            Gone: There is no such place, or the token may not see it.
            RateLimited: Later.
            TransientError: The forge has a problem, or does not answer.
            Unauthorized: The token is refused, or may not do this.
            Unsupported: The answer is not what this forge's API answers.
        """
        url, found = self.managing.list_url(self.place), list[Hook]()
        origin = transport.origin_of(url)
        for _ in range(_MOST_PAGES):
            answer = self._ask(Request("GET", url))
            found += self._read(lambda body: self.managing.parse(self.place, body), answer)
            following = self.managing.next_url(url, answer.headers, answer.body)
            if not following:
                return found
            if following == url or not transport.is_of(following, origin):
                raise Unsupported("the forge's next page does not follow")
            url = following
        raise Unsupported(f"the forge lists more than {_MOST_PAGES} pages of webhooks")

    def create(self, wanted: Wanted) -> str:
        """Make a webhook; return its id. Raises as `there`."""
        return self._read(self.managing.created, self._ask(self.managing.create(self.place, wanted)))

    def mend(self, hook: Hook, wanted: Wanted) -> None:
        """Make a webhook what is wanted, its secret too. Raises as `there`."""
        for request in self.managing.mend(self.place, hook, wanted):
            self._ask(request)

    def remove(self, hook: str) -> None:
        """Take a webhook away; one that is gone is no error. Raises as `there`."""
        try:
            self._ask(self.managing.remove(self.place, hook))
        except Gone:
            return

    def test(self, hook: str) -> bool:
        """Have a webhook deliver something; False if this forge cannot be asked to. Raises as `there`."""
        request = self.managing.test(self.place, hook)
        if request is None:
            return False
        self._ask(request)
        return True

    def failed(self, hook: str) -> list[Attempt]:
        """Return the last deliveries that failed, the newest first; none where the forge does not tell."""
        if self.managing.redelivery is None:
            return []
        answer = self._ask(Request("GET", self.managing.redelivery.failed_url(self.place, hook)))
        return self._read(self.managing.redelivery.parse, answer)

    def send_again(self, hook: str, attempt: str) -> None:
        """Have a delivery sent again. Raises as `there`."""
        if self.managing.redelivery is not None:
            self._ask(self.managing.redelivery.again(self.place, hook, attempt))

    def _read(self, parse: Callable[[bytes], T], answer: Answer) -> T:
        try:
            return parse(answer.body)
        except ValidationError as error:
            first = error.errors(include_input=False, include_context=False, include_url=False)[0]
            where = ".".join(map(str, first["loc"])) or "body"
            raise Unsupported(f"the forge's answer about webhooks does not fit: {where}: {first['type']}") from None
        except (ValueError, AttributeError, RecursionError):
            raise Unsupported("the forge's answer about webhooks is not what its API answers") from None

    def _ask(self, request: Request) -> Answer:
        """Send a request and return the answer, a success; a redirect is none, and is not followed."""
        headers = {"User-Agent": "picket", **self.managing.headers(self.token.get_secret_value()), **request.headers}
        if not all(value.isascii() and value.isprintable() for value in headers.values()):
            raise Misconfigured("PICKET_GIT_TOKENS: a token has characters that no header may hold")
        scheme, host, port = exchange.origin(request.url)
        addresses = resolve(RepositoryAddress(name="", url="", scheme=scheme, host=host, port=port))
        limits = Limits(time.monotonic() + _SECONDS, _SECONDS, _SIZE)
        answer = exchange.send(Outgoing(request.method, request.url, headers, request.body), addresses, limits)
        if 200 <= answer.status < 300:  # noqa: PLR2004 - HTTP's successes
            return answer
        raise _error(answer, host)


def _error(answer: Answer, host: str) -> Exception:
    """Say what an answer means that is no success."""
    match answer.status:
        case 404 | 410:
            return Gone("there is no such place, or the token may not see it")
        case 401:
            return Unauthorized("the forge refuses the token")
        case 403 | 429:
            return refusal(answer, "the token may not do this")
        case status if status >= 500 or status in _LATER:  # noqa: PLR2004 - HTTP's server errors
            return TransientError(f"{host} answered {status}")
        case status if 300 <= status < 400:  # noqa: PLR2004 - HTTP's redirects
            return Gone("the place has moved, or the token leads to a page for signing in")
        case status:
            return Unsupported(f"{host} refuses ({status})")


__all__ = ["Keeper", "RateLimited"]
