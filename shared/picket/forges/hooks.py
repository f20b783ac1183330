"""How a forge's webhooks are listed, created, repaired and removed: requests and responses, without I/O."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from picket.forges.request import Request

Level = Literal["organization", "project", "repository"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where webhooks are kept.

    Attributes:
        scheme: https, or http on one machine.
        host: Host of the forge as in its repositories' URLs, with its port.
        level: Of what they are: of all repositories of an organization or project, or of one repository.
        path: Its path at the forge, such as `acme` or `acme/shop`.
        key: The forge's own id for it, where requests need that; see `Managing.key_url`.
    """

    scheme: str
    host: str
    level: Level
    path: str
    key: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The desired webhook: `url` leads to ingest and contains a token, `secret` signs deliveries."""

    url: str = field(repr=False)
    secret: str = field(repr=False)
    events: frozenset[str]


@dataclass(frozen=True, slots=True)
class Hook:
    """A webhook as its forge lists it.

    Attributes:
        id: The forge's id of it.
        url: Where it delivers to.
        events: What it delivers, in the forge's words.
        drift: What else is not as it should be, in words.
        disabled: Why its forge no longer delivers to it; empty while it does.
    """

    id: str
    url: str = field(repr=False)
    events: frozenset[str]
    drift: tuple[str, ...] = ()
    disabled: str = ""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A delivery that failed; `delivery` is its id as the receiver was told it, `at` when (RFC 3339)."""

    id: str
    delivery: str
    at: str


@dataclass(frozen=True, slots=True)
class Redelivery:
    """How failed deliveries are found and sent again.

    Attributes:
        failed_url: From the place and the webhook's id to the URL of those that failed, the newest first.
        parse: From the body to them; raises `pydantic.ValidationError`.
        again: From the place, the webhook's id and the attempt's to the request that sends it again.
    """

    failed_url: Callable[[Place, str], str]
    parse: Callable[[bytes], list[Attempt]]
    again: Callable[[Place, str, str], Request]


@dataclass(frozen=True, slots=True)
class Managing:
    """How the webhooks of one forge are managed.

    Attributes:
        places: From scheme, host and the name of an organization or repository to where its webhook may be kept, in
            the order in which to try: what needs the fewest comes first.
        place_of: From scheme, host and the path of a repository to where its webhook is kept when each has its own.
        events: What is wanted, by level, in the forge's words.
        alerts: What is wanted besides, where security alerts are wanted.
        rights: What the token must be allowed, by level, in the forge's words.
        headers: From the access token to headers.
        list_url: From the place to the URL of the first page of its webhooks.
        parse: From the place and the body to webhooks; raises `pydantic.ValidationError`.
        next_url: From the page's URL, the answer's headers (lower-case names) and body to the URL of the next page,
            empty after the last.
        create: From the place and what is wanted to the request that makes it.
        created: From the body of the answer to its id; raises `pydantic.ValidationError`.
        mend: From the place, the webhook as it is and what is wanted to the requests that make it so, its secret too.
        remove: From the place and the webhook's id to the request that takes it away.
        test: From the place and the webhook's id to the request that has it deliver something; None if there is none.
        tests_when_made: Whether the forge does that by itself when a webhook is made.
        keeps_secret: Whether a webhook's secret cannot be changed: a second one takes its place.
        one_event_each: Whether a webhook has one event: there is one for each.
        redelivery: How failed deliveries are sent again; None where the forge cannot.
        depth: Of how many parts a name may be, an organization's or a repository's.
        scope: From the name of an organization or repository to what the names of its repositories begin with, below
            their host.
        key_url: From the place to the URL that tells its `key`; None where none is needed.
        parse_key: From the body of that to the key; raises `pydantic.ValidationError`.
    """

    places: Callable[[str, str, str], tuple[Place, ...]]
    place_of: Callable[[str, str, str], Place]
    events: Mapping[Level, frozenset[str]]
    rights: Mapping[Level, str]
    headers: Callable[[str], Mapping[str, str]]
    list_url: Callable[[Place], str]
    parse: Callable[[Place, bytes], list[Hook]]
    next_url: Callable[[str, Mapping[str, str], bytes], str]
    create: Callable[[Place, Wanted], Request]
    created: Callable[[bytes], str]
    mend: Callable[[Place, Hook, Wanted], list[Request]]
    remove: Callable[[Place, str], Request]
    test: Callable[[Place, str], Request | None] = lambda _place, _hook: None
    alerts: frozenset[str] = frozenset()
    tests_when_made: bool = False
    keeps_secret: bool = False
    one_event_each: bool = False
    redelivery: Redelivery | None = None
    depth: int = 2
    scope: Callable[[str], str] = lambda name: name
    key_url: Callable[[Place], str] | None = None
    parse_key: Callable[[bytes], str] = lambda _body: ""


def of_repository(scheme: str, host: str, path: str) -> Place:
    """Return the place of a repository's own webhooks."""
    return Place(scheme, host, "repository", path)


def whole_or_one(scheme: str, host: str, name: str) -> tuple[Place, ...]:
    """Return the place of an organization, or of a repository of one: most forges tell them apart by the slash."""
    return (Place(scheme, host, "repository" if "/" in name else "organization", name),)


def drift_of(wrong: Mapping[str, bool]) -> tuple[str, ...]:
    """Return, in words, what of a webhook is not as it should be."""
    return tuple(each for each in wrong if wrong[each])
