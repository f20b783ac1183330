"""The API's bearer tokens, stored hashed."""

from __future__ import annotations

import hashlib
import re
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from picket.context import context
from picket.effects.mongo.client import collection
from picket.effects.mongo.records import StoredToken, TokenScope
from picket.effects.mongo.schema import VERSION, readable
from picket.errors import Conflict
from picket.events import ago, now

REMEMBERED_SECONDS = 5.0
"""How long a replica takes a token for what it was: so long a revoked one still works."""

_USED_WITHIN = timedelta(minutes=10)
"""How exact `last_used_at` is: a token in use costs one write in so long a time, not one a request."""
_SHAPE = re.compile(r"picket_[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class Token:
    """A token as the API needs it to let a request in."""

    id: str
    name: str
    scope: TokenScope
    expires_at: str
    assets: tuple[str, ...] = ()


def add(name: str, scope: TokenScope, days: int, by: str, assets: Sequence[str] = ()) -> tuple[StoredToken, str]:
    """Make a token.

    Args:
        name: What to call it.
        scope: `read`, `submit`, `report`, `triage` or `admin`.
        days: How long it is valid.
        by: Who asks for it.
        assets: Patterns of the repositories' names that it is limited to; none: it is not limited.

    Returns:
        Its document, and the token itself: the only time that it can be read.

    Raises:
        Conflict: A valid token has that name.
    """
    # 256 random bits cannot be tried out, so that one round of SHA-256 hides them as well as a slow hash would.
    token = f"picket_{secrets.token_urlsafe(32)}"
    document: StoredToken = {
        "_id": _hash(token),
        "token": f"tok-{secrets.token_hex(8)}",
        "name": name,
        "scope": scope,
        "assets": list(assets),
        "created_at": now(),
        "created_by": by,
        "expires_at": ago(-timedelta(days=days)),
        "last_used_at": "",
        "revoked_at": "",
        "schema": VERSION,
    }
    collection("tokens").insert_one({**document})
    if any(
        _is_valid(one) and one["_id"] != document["_id"]
        for one in collection("tokens", StoredToken).find({"name": name})
    ):
        collection("tokens").delete_one({"_id": document["_id"]})  # of two made at once, neither stays
        raise Conflict(f"a valid token is called {name} already: choose another name, or revoke that one first")
    return document, token


def all_tokens() -> list[StoredToken]:
    """Return every token's document, oldest first, those that are not valid any more included."""
    return sorted(collection("tokens", StoredToken).find({}), key=lambda token: str(token["created_at"]))


def revoke(wanted: str, by: str) -> StoredToken | None:
    """End a token that somebody names by id or name; None if it does not exist.

    Raises:
        Conflict: Several valid ones have that name, as an earlier version admitted.
    """
    by_id = collection("tokens", StoredToken).find_one({"token": wanted})
    named = [one for one in collection("tokens", StoredToken).find({"name": wanted}) if _is_valid(one)]
    if by_id is None and len(named) > 1:
        raise Conflict("several tokens have this name: revoke by id")
    found = by_id or next(iter(named), None)
    if found is None:
        return None
    if not found["revoked_at"]:
        found["revoked_at"], found["revoked_by"] = now(), by
        fields = {"revoked_at": found["revoked_at"], "revoked_by": by}
        collection("tokens").update_one({"_id": found["_id"]}, {"$set": fields})
    return found


def _is_valid(token: StoredToken) -> bool:
    return bool(not token["revoked_at"] and now() < token["expires_at"])


def lately(token: str) -> Token | None:
    """Return the valid token that somebody sends, as the store knew it within the last seconds; None if it is invalid.

    It is looked up by its hash: what the time of that could tell of a hash leads to no token.
    """
    if not _SHAPE.fullmatch(token):
        return None
    found = _remembered(_hash(token), int(time.monotonic() / REMEMBERED_SECONDS))
    return found if found and found.expires_at > now() else None


@context.last(1_000)
def _remembered(hashed: str, _period: int) -> Token | None:
    """Read a token, and note that it is used.

    What is unknown is remembered as well: a client that goes on with a revoked one costs the store no more than others.
    """
    document = readable(collection("tokens", StoredToken).find_one({"_id": hashed}))
    if document is None or document["revoked_at"]:
        return None
    if now() < document["expires_at"] and document["last_used_at"] < ago(_USED_WITHIN):
        collection("tokens").update_one({"_id": hashed}, {"$set": {"last_used_at": now()}})
    return Token(
        document["token"],
        document["name"],
        document["scope"],
        document["expires_at"],
        tuple(document.get("assets", ())),
    )


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
