"""List, create, repair and remove a forge's webhooks at one place through its API."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from pydantic import SecretStr, ValidationError

from picket.effects.exchange import Answer
from picket.effects.forge import client, transport
from picket.errors import Gone, Unsupported
from picket.forges import FORGES
from picket.forges.hooks import Attempt, Hook, Managing, Place, Wanted
from picket.forges.request import Request

_MOST_PAGES = 20
_SIZE = 4 * 1024 * 1024
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Keeper:
    """Who manages webhooks at a place: how, where, and by what right."""

    forge: str
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
            Unauthorized: The token is refused, or may not do this.
            Unsupported: The answer is not what this forge's API answers.
            PicketError: As `client.get`.
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
        """Create a webhook and return its id. Raises as `there`."""
        return self._read(self.managing.created, self._ask(self.managing.create(self.place, wanted)))

    def mend(self, hook: Hook, wanted: Wanted) -> None:
        """Change a webhook to what is wanted, including its secret. Raises as `there`."""
        for request in self.managing.mend(self.place, hook, wanted):
            self._ask(request)

    def remove(self, hook: str) -> None:
        """Remove a webhook; it is no error if it does not exist. Raises as `there`."""
        try:
            self._ask(self.managing.remove(self.place, hook))
        except Gone:
            return

    def test(self, hook: str) -> bool:
        """Ask the forge for a test delivery; False if it cannot send one. Raises as `there`."""
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
        """Send a request and return the response if it is a success; a redirected write is an error."""
        caller = client.Caller(self.forge, self.token)
        headers = {**self.managing.headers(self.token.get_secret_value()), **request.headers}
        if request.method == "GET":
            return client.get(caller, request.url, headers, most=_SIZE)
        return client.send(caller, request.method, request.url, headers, request.body)

    @property
    def managing(self) -> Managing:
        """How this forge's webhooks are managed."""
        return FORGES[self.forge].hooks
