"""Connecting an organization or a repository with its forge: at which level its webhooks are.

One webhook for all repositories is preferred, if the forge supports it and the token may create it. Otherwise each
repository gets its own, as the forge lists them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from urllib.parse import urlsplit

from pydantic import SecretStr

from picket.commits.repository import fold
from picket.effects import broker
from picket.effects.forge import listing
from picket.effects.forge.client import Absent
from picket.effects.forge.hooks import Keeper
from picket.effects.git.address import scheme_of
from picket.effects.mongo import connections, leases, webhooks
from picket.effects.mongo import organizations as listed
from picket.effects.mongo.client import members
from picket.effects.mongo.connections import Connection, StoredHook
from picket.effects.mongo.documents import Fields
from picket.effects.mongo.records import Webhook
from picket.effects.telemetry import count, note
from picket.errors import Busy, Exhausted, Gone, PermanentError, TransientError, Unauthorized, Unsupported
from picket.events import NoticeRequested, WebhookChanged, WebhookRequested, now
from picket.forges import FORGES
from picket.forges.hooks import Hook, Managing, Place
from picket.orchestration import connections as asking
from picket.orchestration import organizations, pages, places
from picket.settings import settings

_LATER = timedelta(hours=1)
_SOON = timedelta(seconds=30)
_MOST = 20_000
_TAKEN_AT_ONCE = 50
_THIS_MACHINE = frozenset({"127.0.0.1", "localhost", "::1"})
_THIS_CLUSTER = (".cluster.local", ".svc", ".localhost")
_ALARMING = frozenset({"failed", "revived"})


def connect(identity: str) -> None:
    """Find the level of a connection's webhooks, and request a check of each.

    Raises:
        Busy: Another worker is at it.
    """
    if connections.find(identity) is None:
        return
    with _held(identity) as lease:
        connection = lease.document
        if connection["state"] == "Disconnecting":
            return
        try:
            _place(connection)
        except TransientError as error:
            span = timedelta(seconds=getattr(error, "seconds", _LATER.total_seconds()))
            connections.put_off(connection, span, str(error))
        except PermanentError as error:
            note("connecting failed", reason=str(error), connection=identity)
            connections.put_off(connection, _LATER, str(error), "Failed")
            if connection["state"] != "Failed":
                tell(connection, connection["name"], "failed", str(error))
    asking.ask_for_new(identity)


def disconnect(identity: str) -> None:
    """Remove the webhooks of a connection, then revoke their URL.

    Those that the forge refuses to remove stay listed; their deliveries are refused.

    Raises:
        Busy: Another worker is at it.
    """
    if connections.find(identity) is None:
        return
    with _held(identity) as lease:
        connection = lease.document
        if connection["state"] != "Disconnecting":
            return
        try:
            for stored in lease.while_held(connections.to_remove(identity, _TAKEN_AT_ONCE)):
                with leases.held("hooks", StoredHook, stored["_id"]):  # no other worker is creating one there
                    remove(connection, stored)
        except TransientError as error:
            span = _SOON if isinstance(error, Busy) else _LATER
            span = timedelta(seconds=getattr(error, "seconds", span.total_seconds()))
            connections.put_off(connection, span, str(error), "Disconnecting")
            return
        if connections.to_remove(identity, 1):
            broker.emit(WebhookRequested(connection=identity, action="disconnect", due=now()))
            return
        for webhook in webhooks.all_of_connection(identity):
            webhooks.revoke(webhook["source"])
        if left := connections.hooks(identity, 1):
            connections.settle(identity, "Orphaned", f"{left[0]['path']}: {left[0]['reason']}")
        else:
            connections.delete(identity)


def remove(connection: Connection, stored: StoredHook) -> None:
    """Remove our webhooks at a place, and forget the place; if the forge refuses, record why.

    Raises:
        TransientError: The forge does not answer, or wants to be asked later.
    """
    try:
        place = Place(scheme_of(connection["host"]), connection["host"], stored["level"], stored["path"])
        keeper = Keeper(connection["forge"], place, token_of(connection)).located()
        ours = ours_of(connection, keeper.there())
        for hook in ours:
            keeper.remove(hook.id)
        if ours and ours_of(connection, keeper.there()):  # some answer "not found" where the right is missing
            raise Unauthorized("the forge did not remove it and reported no error")
    except PermanentError as error:
        is_gone = isinstance(error, Gone) and connection["each"]
        if not is_gone or places.is_there(connection, stored["level"], stored["path"]):
            connections.leave(stored["_id"], str(error))
            return
        note("the place no longer exists, nor does its webhook", connection=connection["_id"])
    connections.drop(stored["_id"])
    tell(connection, stored["path"], "removed")


def ours_of(connection: Connection, there: Iterable[Hook]) -> list[Hook]:
    """Return those of *there* that belong to a connection, also those created for another kind of forge."""
    known = webhooks.all_of_connection(connection["_id"])
    return [
        hook
        for hook in there
        if any(webhooks.hash_of(token_in(hook.url, one["provider"])) == one["_id"] for one in known)
    ]


@contextmanager
def _held(identity: str) -> Iterator[leases.Lease[Connection]]:
    """Hold the lease on a connection; if too many workers died over it, set it to Failed, so that it can be retried."""
    try:
        with leases.held("connections", Connection, identity) as lease:
            yield lease
    except Exhausted as error:
        connections.reset_takeovers(identity)
        connections.settle(identity, "Failed", str(error))
        raise


def tell(connection: Connection, place: str, change: str, reason: str = "") -> None:
    """Emit what was done to a webhook; also notify the operators if it failed or had to be revived."""
    count("picket_webhook_changes_total", change=change)
    told = {"connection": connection["_id"], "place": place, "change": change, "reason": reason}
    broker.emit(WebhookChanged.model_validate(told))
    channel = settings().operators_channel
    if channel and change in _ALARMING:
        message = f"webhook of {connection['host']}/{place}: {change}{f' ({reason})' if reason else ''}"
        broker.emit(NoticeRequested(channel=channel, reason=f"webhook {change} {place}"[:200], message=message))


def _place(connection: Connection) -> None:
    _check_way_in(connection["host"])
    managing, remarks = managing_of(connection), list[str]()
    token = token_of(connection)
    found = managing.places(scheme_of(connection["host"]), connection["host"], connection["name"])
    for place in found:
        try:
            keeper = Keeper(connection["forge"], place, token).located()
            there = keeper.there()
        except (Absent, Unauthorized, Unsupported) as error:
            remarks.append(f"no webhook of the {place.level}: {error} (needs {managing.rights[place.level]})")
            continue
        webhook_of(connection, (hook.url for hook in there))
        connections.add_places(connection["_id"], [place])
        connections.settle(connection["_id"], "Connected", remarks=remarks, each=False)
        connections.reset(connection["_id"])  # repositories may have had their own before
        return
    if found and found[-1].level == "repository":
        raise Unauthorized("; ".join(remarks))
    _check_listed(connection, token)
    webhook_of(connection, ())
    connections.settle(connection["_id"], "Connected", remarks=remarks, each=True)  # before any listing
    _one_by_one(connection)


def _check_way_in(host: str) -> None:
    """Refuse a public URL that the forge cannot reach.

    Raises:
        Unsupported: PICKET_PUBLIC_URL is this machine's own, or the cluster's, and the forge is elsewhere.
    """
    ours = urlsplit(settings().public_url).hostname or ""
    is_near = ours in _THIS_MACHINE or "." not in ours or ours.endswith(_THIS_CLUSTER)
    if is_near and urlsplit(f"//{host}").hostname not in _THIS_MACHINE:
        raise Unsupported(
            "PICKET_PUBLIC_URL is reachable from this machine or cluster only: the forge cannot deliver there"
        )


def _check_listed(connection: Connection, token: SecretStr) -> None:
    """Refuse an organization or user that the forge does not list.

    Raises:
        Absent: There is none of that name, or the token may not see it.
    """
    forge, host, name = connection["forge"], connection["host"], connection["name"]
    if not FORGES[forge].lists:
        raise Unsupported("this forge has no webhook for all of it, and does not list repositories")
    absent: Absent | None = None
    for url in listing.first_urls(forge, scheme_of(host), host, name, token):
        try:
            listing.fetch(forge, name, url, token)
        except Absent as error:
            absent = error
        else:
            return
    raise absent or Unsupported("this forge does not list that")


def _one_by_one(connection: Connection) -> None:
    """Have the organization listed, so that each repository gets a webhook of its own."""
    known = listed.find(connection["_id"])
    if known is None:
        wanted: Fields = {**members(connection, ("forge", "host", "name", "token_ref")), "include": [], "exclude": []}
        rest: Fields = {"archived": False, "forks": True, "schedule": None, "repository_schedule": None}
        organizations.register(connection["_id"], {**wanted, **rest})
    else:
        places.add(connection, listed.repositories_of(known, _MOST))


def managing_of(connection: Connection) -> Managing:
    """Return how the webhooks of a connection are managed."""
    return FORGES[connection["forge"]].hooks


def token_of(connection: Connection) -> SecretStr:
    """Return the token that manages its webhooks.

    Raises:
        Unauthorized: There is none.
    """
    token = pages.token_of(connection["forge"], connection["host"], connection["name"], connection["token_ref"])
    if token is None:
        raise Unauthorized(f"PICKET_GIT_TOKENS has no token for {connection['_id']}")
    return token


def webhook_of(connection: Connection, urls: Iterable[str]) -> Webhook:
    """Return the connection's webhook, adopting or creating one if it has none.

    Args:
        connection: Whose it is.
        urls: Where the webhooks that are there deliver to.

    Raises:
        Gone: Somebody has revoked it meanwhile.
    """
    identity, sender = connection["_id"], connection["forge"]
    known = webhooks.of_connection(identity, sender)
    scope = fold(f"{connection['host']}/{managing_of(connection).scope(connection['name'])}")
    if known is None and any(webhooks.adopt(token_in(url, sender), sender, scope, identity) for url in urls):
        known = webhooks.of_connection(identity, sender)
    if known is None:
        webhooks.add(sender, connection["name"][:100], scope, identity)
        known = webhooks.of_connection(identity, sender)
    if known is None:
        raise Gone("its webhook was just revoked")
    return known


def url_of(sender: str, token: str) -> str:
    """Return where a webhook delivers to."""
    return f"{settings().public_url.rstrip('/')}/in/{sender}/{token}"


def token_in(url: str, sender: str) -> str:
    """Return the token in the URL of a webhook that leads to ingest; empty where it leads elsewhere."""
    before, between, token = url.partition(f"/in/{sender}/")
    return token if before and between else ""
