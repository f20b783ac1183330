"""Reconciling the webhook at one place of a forge: exactly one, ours, enabled, with the current secret.

The forge's list is the source of truth; the store adds only the number of the secret that a webhook has, which forges
do not return. If a worker dies after a request and before recording its result, the next one finds the webhook by its
URL.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from picket.effects.forge.client import RateLimited
from picket.effects.forge.hooks import Keeper
from picket.effects.git.address import scheme_of
from picket.effects.mongo import connections, deliveries, leases, webhooks
from picket.effects.mongo.connections import Connection, StoredHook
from picket.effects.mongo.documents import Fields
from picket.effects.mongo.webhooks import Access
from picket.effects.telemetry import note
from picket.errors import Exhausted, Gone, PermanentError, TransientError, Unauthorized, Unsupported
from picket.events import ago
from picket.forges.hooks import Attempt, Hook, Place, Wanted
from picket.orchestration import connecting, places
from picket.webhooks.delivery import delivery_key

_EVERY = timedelta(hours=6)
_SPREAD_SECONDS = 3_600
_UNHEARD = timedelta(minutes=10)
"""How soon a webhook is looked at again that has delivered nothing yet."""
_AFTER_FAILURE = timedelta(hours=1)
_DELIVERIES_LAST = timedelta(days=3)
"""How long GitHub keeps deliveries, and can send them again."""
_LOOKED_FOR_EVERY = timedelta(hours=20)
_MOST_AGAIN = 20
_AGAIN_KEPT = 500
_ORPHANS_SHOWN = 20


@dataclass
class Work:
    """What is done at a place: `changes` in words of `WebhookChanged`."""

    keeper: Keeper
    access: Access
    stored: StoredHook
    changes: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def check(identity: str) -> None:
    """Reconcile the webhook at one place.

    Raises:
        Busy: Another worker is at it.
    """
    if connections.hook(identity) is None:
        return  # it was removed meanwhile
    try:
        _check(identity)
    except Exhausted as error:
        connections.note(identity, state="Failed", reason=str(error), takeovers=0)
        connections.look_again(identity, _EVERY)


def _check(identity: str) -> None:
    with leases.held("hooks", StoredHook, identity) as lease:
        stored = lease.document
        connection = connections.find(stored["connection"])
        if connection is None or connection["state"] in {"Disconnecting", "Orphaned"}:
            return
        try:
            if _is_wanted(connection, stored):
                _bring(connection, stored)
            else:
                connecting.remove(connection, stored)
        except RateLimited as error:
            span = timedelta(seconds=error.seconds)
            connections.note(identity, state="Waiting", reason=str(error))
            connections.look_again(identity, span + _spread(identity))
            connections.pause(connection["_id"], span)
        except TransientError as error:
            connections.note(identity, state="Waiting", reason=str(error))
            connections.look_again(identity, _AFTER_FAILURE)
        except PermanentError as error:
            _fail(connection, stored, error)


def _is_wanted(connection: Connection, stored: StoredHook) -> bool:
    """Return whether a connection still wants a webhook there: for the whole of it, or for each repository."""
    if connection["each"]:
        return stored["level"] != "organization"
    return stored["path"].lower() == connection["name"].lower()


def _fail(connection: Connection, stored: StoredHook, error: PermanentError) -> None:
    if (
        isinstance(error, Gone)
        and connection["each"]
        and not places.is_there(connection, stored["level"], stored["path"])
    ):
        connections.drop(stored["_id"])  # where it has moved to, the listing finds out
        return
    reason = str(error)
    if isinstance(error, (Gone, Unauthorized)):
        reason += f" (needs {connecting.managing_of(connection).rights[stored['level']]})"
    if stored["state"] != "Failed":
        connecting.tell(connection, stored["path"], "failed", reason)
    note("a webhook cannot be kept", connection=connection["_id"], reason=reason)
    connections.note(stored["_id"], state="Failed", reason=reason)
    connections.look_again(stored["_id"], _EVERY + _spread(stored["_id"]))


def _bring(connection: Connection, stored: StoredHook) -> None:
    managing, token = connecting.managing_of(connection), connecting.token_of(connection)
    place = Place(scheme_of(connection["host"]), connection["host"], stored["level"], stored["path"])
    keeper = Keeper(connection["forge"], place, token).located()
    there = keeper.there()
    access = webhooks.access(connecting.webhook_of(connection, (hook.url for hook in there)))
    work = Work(keeper, access, stored)
    mine = [hook for hook in there if _is_ours(hook, access, connection["forge"])]
    for hook in connecting.ours_of(connection, there):
        if hook not in mine:  # from a time when the host was another kind of forge
            keeper.remove(hook.id)
    events = managing.events[stored["level"]] | (managing.alerts if connection["alerts"] else frozenset())
    for group in [frozenset({each}) for each in sorted(events)] if managing.one_event_each else [events]:
        alike = [hook for hook in mine if not managing.one_event_each or hook.events & group]
        wanted = Wanted(connecting.url_of(connection["forge"], access.token), access.secret, group)
        _bring_one(work, alike, wanted)
    _send_again(work)
    orphans = [hook.id for hook in there if hook not in mine and _is_orphan(hook, connection["forge"])]
    _settle(connection, work, orphans)


def _bring_one(work: Work, mine: list[Hook], wanted: Wanted) -> None:
    """Keep exactly one webhook, as wanted."""
    keeper, stored, number = work.keeper, work.stored, work.access.number
    fresh = [hook for hook in mine if _has_secret(hook, stored, number)]
    keep = next(iter(fresh or mine), None)
    if keep is None or (keeper.managing.keeps_secret and not fresh):
        connections.note(stored["_id"], making=number, before=[hook.id for hook in mine])
        made = keeper.create(wanted)
        work.changes.append("replaced" if mine else "created")
        work.ids.append(made)
        if not keeper.managing.tests_when_made:
            work.remarks.append(_tested(keeper, made))
    else:
        work.ids.append(keep.id)
        _mend(work, keep, wanted, is_fresh=keep in fresh)
    for hook in mine:
        if hook.id not in work.ids:
            keeper.remove(hook.id)


def _mend(work: Work, hook: Hook, wanted: Wanted, *, is_fresh: bool) -> None:
    """Repair an existing webhook if it has drifted, and have its forge enable it again if it disabled it.

    Raises:
        Unsupported: Its forge has disabled it and refuses the test delivery that would enable it.
    """
    if hook.id not in work.stored["ids"]:
        work.changes.append("adopted")
    is_right = is_fresh and hook.url == wanted.url and not hook.drift
    if not is_right or not (wanted.events <= hook.events or "*" in hook.events):
        work.keeper.mend(hook, wanted)
        work.changes.append("repaired")
    elif not hook.disabled:
        return
    refusal = _tested(work.keeper, hook.id)
    if hook.disabled and refusal:
        raise Unsupported(f"{hook.disabled}, and {refusal}")
    work.remarks.append(refusal)
    if hook.disabled:
        work.changes.append("revived")


def _tested(keeper: Keeper, hook: str) -> str:
    """Request a test delivery; return why the forge refused, as it may for a repository without commits."""
    try:
        keeper.test(hook)
    except PermanentError as error:
        return f"its test was refused: {error}"
    return ""


def _has_secret(hook: Hook, stored: StoredHook, number: int) -> bool:
    """Return whether a webhook has that secret: as recorded, or because a worker died right after creating it."""
    if hook.id in stored["ids"]:
        return stored["secret"] == number
    return stored["making"] == number and hook.id not in stored.get("before", ())


def _is_ours(hook: Hook, access: Access, sender: str) -> bool:
    token = connecting.token_in(hook.url, sender)
    return bool(token) and webhooks.hash_of(token) == access.token_hash


def _is_orphan(hook: Hook, sender: str) -> bool:
    """Return whether a webhook points here but its token is unknown."""
    token = connecting.token_in(hook.url, sender)
    return hook.url == connecting.url_of(sender, token) and webhooks.by_token(sender, token) is None


def _send_again(work: Work) -> None:
    """Have failed deliveries that were not accepted since sent again, each once."""
    identity, soon = work.stored["_id"], work.stored["level"] != "repository"
    if not soon and work.stored.get("again_at", "") > ago(_LOOKED_FOR_EVERY):
        return  # of ten thousand repositories, one request more for each and each time is too much
    connections.note(identity, again_at=ago(timedelta()))
    since, again = ago(_DELIVERIES_LAST), list(work.stored["again"])
    failed: list[tuple[str, Attempt]] = [
        (hook, attempt) for hook in work.ids for attempt in reversed(work.keeper.failed(hook))
    ]
    wanted = [(hook, attempt) for hook, attempt in failed if _utc(attempt.at) >= since]
    for hook, attempt in wanted:
        mark = hashlib.sha256(attempt.delivery.encode()).hexdigest()[:16]
        if mark in again or deliveries.is_known(delivery_key(work.access.id, attempt.delivery)):
            continue
        work.keeper.send_again(hook, attempt.id)  # twice does no harm: it is the same delivery
        again.append(mark)
        connections.note(identity, again=again[-_AGAIN_KEPT:])
        work.changes.append("redelivered")
        if work.changes.count("redelivered") >= _MOST_AGAIN:
            return


def _utc(text: str) -> str:
    try:
        return datetime.fromisoformat(text).astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    except ValueError:
        return ""


def _settle(connection: Connection, work: Work, orphans: list[str]) -> None:
    identity = work.stored["_id"]
    heard = webhooks.has_delivered(work.access.id)
    said = [*filter(None, work.remarks), *([] if heard else ["nothing was delivered yet"])]
    told: Fields = {"state": "Kept", "reason": "; ".join(dict.fromkeys(said)), "ids": work.ids}
    told |= {"secret": work.access.number, "making": 0, "orphans": orphans[:_ORPHANS_SHOWN], "takeovers": 0}
    connections.note(identity, **told, checked_at=ago(timedelta()))
    soon = not heard and bool(work.changes)
    connections.look_again(identity, _UNHEARD if soon else _EVERY + _spread(identity))
    for change in dict.fromkeys(work.changes):
        note("webhook looked after", connection=connection["_id"], change=change)
        connecting.tell(connection, work.stored["path"], change)


def _spread(identity: str) -> timedelta:
    """Return an offset that differs between places and is stable for each."""
    return timedelta(seconds=int(hashlib.sha256(identity.encode()).hexdigest(), 16) % _SPREAD_SECONDS)
