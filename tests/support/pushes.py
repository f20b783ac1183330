"""Deliveries as GitHub sends them."""

import hashlib
import hmac
import json
from typing import Any

ZERO = "0" * 40
Json = dict[str, Any]


def signed(secret: str, body: bytes, *, event: str = "push", delivery: str = "d-1") -> dict[str, str]:
    """Return the headers of a delivery of *body* signed with *secret*."""
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {
        "Content-Type": "application/json",
        "X-GitHub-Event": event,
        "X-GitHub-Delivery": delivery,
        "X-Hub-Signature-256": f"sha256={digest}",
    }


def push(url: str, before: str, after: str, *, ref: str = "refs/heads/main", **more: Any) -> Json:
    """Return the payload of a push; like a forge's it may name fewer commits than were pushed."""
    repository = {"id": 7, "clone_url": url, "private": True}
    return {"ref": ref, "before": before, "after": after, "repository": repository, "commits": [], **more}


def repository(url: str, action: str, **more: Any) -> Json:
    """Return the payload of a repository event."""
    return {"action": action, "repository": {"id": 7, "clone_url": url, "private": False}, **more}


def encode(payload: Json) -> bytes:
    """Return a payload as a body."""
    return json.dumps(payload).encode()
