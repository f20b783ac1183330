"""Registered webhooks. Tokens are stored hashed, secrets encrypted."""

from __future__ import annotations

import hashlib
import secrets
import time
from dataclasses import dataclass, field

from picket.context import context
from picket.effects.mongo import speakers
from picket.effects.mongo.client import collection
from picket.effects.mongo.records import Renewed, Webhook
from picket.effects.mongo.schema import VERSION, readable
from picket.effects.sealing import seal, unseal
from picket.effects.senders import receiving
from picket.errors import Gone
from picket.events import now

_REMEMBERED_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Access:
    """URL token and secret to register at a forge; `number` counts the secrets from 1."""

    id: str
    token_hash: str
    token: str = field(repr=False)
    secret: str = field(repr=False)
    number: int


@dataclass(frozen=True, slots=True)
class Known:
    """A webhook as ingest needs it; `secrets` are those valid now, newest first."""

    id: str
    provider: str
    scope: str
    secrets: tuple[str, ...] = field(repr=False)


def add(provider: str, name: str, scope: str, connection: str = "") -> tuple[Webhook, str, str]:
    """Register a webhook.

    Args:
        provider: Who sends.
        name: What to call it.
        scope: What it may speak for; empty: anything.
        connection: The connection that registers it at a forge; its token is then stored, encrypted.

    Returns:
        The webhook, its token and its secret: the only time the two can be read.
    """
    token, secret = secrets.token_urlsafe(24), receiving(provider).new_secret()
    document: Webhook = {
        "_id": hash_of(token),
        "source": f"src-{secrets.token_hex(8)}",
        "provider": provider,
        "name": name,
        "scope": scope,
        "created_at": now(),
        "secret": seal(secret),
        "revoked": False,
        "schema": VERSION,
    }
    if connection:
        document |= {"connection": connection, "token": seal(token)}
    collection("sources").insert_one({**document})
    return document, token, secret


def of_connection(connection: str, provider: str = "") -> Webhook | None:
    """Return the webhook that a connection has, of that provider where one is given, unless it was revoked."""
    found = collection("sources", Webhook).find({"connection": connection})
    alike = (one for one in found if not one["revoked"] and provider in {"", one["provider"]})
    return next((readable(webhook) for webhook in alike), None)


def all_of_connection(connection: str) -> list[Webhook]:
    """Return all webhooks of a connection that are not revoked, of whatever provider."""
    found = collection("sources", Webhook).find({"connection": connection})
    return [one for one in found if not one["revoked"]]


def adopt(token: str, provider: str, scope: str, connection: str) -> bool:
    """Attach a webhook that was registered by hand to a connection; False if there is no such webhook.

    Args:
        token: Of the URL that the forge has.
        provider: Who sends.
        scope: What the connection speaks for; a webhook of another scope stays as it is.
        connection: Id of the connection.
    """
    same = {"_id": hash_of(token), "provider": provider, "scope": scope, "revoked": False}
    fields = {"connection": connection, "token": seal(token)}
    return bool(collection("sources").update_one(same, {"$set": fields}).matched_count)


def access(webhook: Webhook) -> Access:
    """Return what is registered at a connection's forge."""
    token, secret = unseal(webhook["token"]), unseal(webhook["secret"])
    return Access(webhook["source"], webhook["_id"], token, secret, webhook.get("number", 1))


def has_delivered(webhook_id: str) -> bool:
    """Return whether there was a delivery since a webhook's secret was last changed."""
    found = _by_id(webhook_id)
    return found is not None and "delivered_at" in found


def all_webhooks() -> list[Webhook]:
    """Return every webhook without its secrets, oldest first."""
    found = collection("sources", Webhook).find({}, {"secret": 0, "former_secret": 0, "token": 0})
    return sorted(found, key=lambda webhook: str(webhook["created_at"]))


def rotate(webhook_id: str, grace_seconds: float) -> tuple[Webhook, str] | None:
    """Give a webhook a new secret; the old one stays valid for *grace_seconds*. None if there is no such webhook.

    Where its sender knows no secret, it is who speaks through it that may be another one from now on.
    """
    document = _by_id(webhook_id)
    if document is None or document["revoked"]:
        return None
    secret = receiving(document["provider"]).new_secret()
    fields: Renewed = {
        "secret": seal(secret),
        "former_secret": document["secret"],
        "former_until": time.time() + grace_seconds,
        "rotated_at": now(),
        "number": document.get("number", 1) + 1,
    }
    unheard = {"$set": fields, "$unset": {"delivered_at": ""}}
    collection("sources").update_one({"_id": document["_id"]}, unheard)
    speakers.release(document["source"])
    return {**document, **fields}, secret


def revoke(webhook_id: str) -> Webhook | None:
    """Make a webhook's URL unknown; None if there is no such webhook."""
    document = _by_id(webhook_id)
    if document is None:
        return None
    collection("sources").update_one({"_id": document["_id"]}, {"$set": {"revoked": True, "revoked_at": now()}})
    return {**document, "revoked": True}


def by_token(provider: str, token: str) -> Known | None:
    """Return the webhook that *token* in a URL belongs to; None if it is unknown, revoked or of another provider."""
    document = readable(collection("sources", Webhook).find_one({"_id": hash_of(token)}))
    if document is None or document["revoked"] or document["provider"] != provider:
        return None
    valid = [document["secret"]]
    if document.get("former_until", 0.0) > time.time():
        valid.append(document["former_secret"])
    return Known(document["source"], provider, document["scope"], tuple(unseal(secret) for secret in valid))


def cached_by_token(provider: str, token: str) -> Known | None:
    """Return what `by_token` said within the last seconds, in this process; ask it where it was not asked.

    In a burst a delivery then costs the store half. Before refusing one, ask `by_token`: the secret may
    have been renewed meanwhile. A webhook that is revoked is taken for valid for those seconds.
    """
    try:
        return _remembered(provider, token, int(time.monotonic() / _REMEMBERED_SECONDS))
    except Gone:
        return None


@context.last(1_000)
def _remembered(provider: str, token: str, _period: int) -> Known:
    known = by_token(provider, token)
    if known is None:
        raise Gone("no such webhook")  # nothing is remembered of tokens that lead nowhere
    return known


def _by_id(webhook_id: str) -> Webhook | None:
    return readable(collection("sources", Webhook).find_one({"source": webhook_id}))


def hash_of(token: str) -> str:
    """Return the `_id` of the webhook whose URL holds *token*."""
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()
