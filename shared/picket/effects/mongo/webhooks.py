"""Registered webhooks. Tokens are stored hashed, secrets encrypted."""

from __future__ import annotations

import hashlib
import secrets
import time
from dataclasses import dataclass, field

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from pymongo.errors import DuplicateKeyError

from picket.context import context
from picket.effects.mongo import retention, speakers
from picket.effects.mongo.client import collection
from picket.effects.mongo.records import Renewed, Webhook
from picket.effects.mongo.schema import STAMP, VERSION, readable
from picket.effects.senders import receiving
from picket.errors import Gone, Misconfigured
from picket.events import now
from picket.settings import settings

_REMEMBERED_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Known:
    """A webhook as ingest needs it; `secrets` are those valid now, newest first."""

    id: str
    provider: str
    scope: str
    secrets: tuple[str, ...] = field(repr=False)


def add(provider: str, name: str, scope: str) -> tuple[Webhook, str, str]:
    """Register a webhook.

    Returns:
        The webhook, its token and its secret: the only time the two can be read.
    """
    token, secret = secrets.token_urlsafe(24), receiving(provider).new_secret()
    document: Webhook = {
        "_id": _hash(token),
        "source": f"src-{secrets.token_hex(8)}",
        "provider": provider,
        "name": name,
        "scope": scope,
        "created_at": now(),
        "secret": _encrypt(secret),
        "revoked": False,
        "schema": VERSION,
    }
    collection("sources").insert_one({**document})
    return document, token, secret


def all_webhooks() -> list[Webhook]:
    """Return every webhook without its secrets, oldest first."""
    found = collection("sources", Webhook).find({}, {"secret": 0, "former_secret": 0})
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
        "secret": _encrypt(secret),
        "former_secret": document["secret"],
        "former_until": time.time() + grace_seconds,
        "rotated_at": now(),
    }
    collection("sources").update_one({"_id": document["_id"]}, {"$set": fields})
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
    document = readable(collection("sources", Webhook).find_one({"_id": _hash(token)}))
    if document is None or document["revoked"] or document["provider"] != provider:
        return None
    valid = [document["secret"]]
    if document.get("former_until", 0.0) > time.time():
        valid.append(document["former_secret"])
    return Known(document["source"], provider, document["scope"], tuple(_decrypt(secret) for secret in valid))


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


def record_delivery(delivery: str, source: str, event: str) -> bool:
    """Note a delivery; False if it was noted before."""
    try:
        collection("deliveries").insert_one(
            {"_id": delivery, "source": source, "event": event, "at": now(), **retention.entry(), **STAMP}
        )
    except DuplicateKeyError:
        return False
    return True


def _by_id(webhook_id: str) -> Webhook | None:
    return readable(collection("sources", Webhook).find_one({"source": webhook_id}))


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


def _fernet() -> MultiFernet:
    """Return what encrypts with the first key and decrypts with any."""
    keys = settings().encryption_key.get_secret_value().replace(",", " ").split()
    if not keys:
        raise Misconfigured("PICKET_ENCRYPTION_KEY is not set: webhook secrets cannot be kept")
    try:
        return MultiFernet([Fernet(key) for key in keys])
    except ValueError:
        raise Misconfigured("PICKET_ENCRYPTION_KEY: a key is not 32 bytes in URL-safe base64") from None


def _encrypt(secret: str) -> str:
    return _fernet().encrypt(secret.encode()).decode()


def _decrypt(token: str) -> str:
    try:
        return _fernet().decrypt(token.encode()).decode()
    except InvalidToken:
        raise Misconfigured("a webhook secret cannot be decrypted: PICKET_ENCRYPTION_KEY lacks its key") from None
