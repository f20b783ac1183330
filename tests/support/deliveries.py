"""Deliveries of every forge that is received: genuine ones in short, and how each forge proves that it sent them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import Any

from tests.support import pushes

OLD, NEW, ZERO = "a" * 40, "b" * 40, "0" * 40
UUID = "673a6070-3421-46c9-9d48-90745f7bfe8e"
Json = dict[str, Any]


def digest(secret: str, body: bytes) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def standard(secret: str, body: bytes, *, name: str = "msg_1", stamp: int | None = None) -> dict[str, str]:
    """Return the headers of Standard Webhooks."""
    stamp = int(time.time()) if stamp is None else stamp
    key = base64.b64decode(secret.removeprefix("whsec_"))
    made = base64.b64encode(hmac.new(key, f"{name}.{stamp}.".encode() + body, hashlib.sha256).digest()).decode()
    return {"webhook-id": name, "webhook-timestamp": str(stamp), "webhook-signature": f"v1,{made}"}


def proof(forge: str, secret: str, body: bytes) -> dict[str, str]:
    """Return the headers by which *forge* proves that it sent *body*."""
    made = digest(secret, body)
    basic = base64.b64encode(f"picket:{secret}".encode()).decode()
    return {
        "github": {"X-Hub-Signature-256": f"sha256={made}"},
        "gitlab": {"X-Gitlab-Token": secret},
        "gitea": {"X-Gitea-Signature": made},
        "forgejo": {"X-Forgejo-Signature": made},
        "bitbucket": {"X-Hub-Signature": f"sha256={made}"},
        "bitbucket-datacenter": {"X-Hub-Signature": f"sha256={made}"},
        "azure": {"Authorization": f"Basic {basic}"},
    }[forge]


def names(forge: str, event: str, delivery: str) -> dict[str, str]:
    """Return the headers by which *forge* names event and delivery."""
    return {
        "github": {"X-GitHub-Event": event, "X-GitHub-Delivery": delivery},
        "gitlab": {"X-Gitlab-Event": event, "Idempotency-Key": delivery, "X-Gitlab-Instance": "https://gitlab.com"},
        "gitea": {"X-Gitea-Event": event, "X-Gitea-Event-Type": event, "X-Gitea-Delivery": delivery},
        "forgejo": {"X-Forgejo-Event": event, "X-Forgejo-Event-Type": event, "X-Forgejo-Delivery": delivery},
        "bitbucket": {"X-Event-Key": event, "X-Request-UUID": delivery},
        "bitbucket-datacenter": {"X-Event-Key": event, "X-Request-Id": delivery},
        "azure": {},
    }[forge]


def gitlab_project(url: str = "https://gitlab.com/g/p.git", **more: Any) -> Json:
    return {"id": 7, "git_http_url": url, "visibility_level": 0, "path_with_namespace": "g/p", **more}


def gitlab_push(before: str = OLD, after: str = NEW, ref: str = "refs/heads/main", **more: Any) -> Json:
    kind = "tag_push" if ref.startswith("refs/tags/") else "push"
    told = {"object_kind": kind, "event_name": kind, "ref": ref, "before": before, "after": after, "project_id": 7}
    return {**told, "project": gitlab_project(), **more}


def bitbucket_repository(**more: Any) -> Json:
    return {"uuid": f"{{{UUID.upper()}}}", "full_name": "team/shop", "is_private": True, **more}


def bitbucket_tip(name: str, sha: str, kind: str = "branch") -> Json:
    return {"type": kind, "name": name, "target": {"hash": sha}}


def bitbucket_push(*changes: Json) -> Json:
    made = changes or ({"new": bitbucket_tip("main", NEW), "old": bitbucket_tip("main", OLD), "forced": False},)
    return {"repository": bitbucket_repository(), "push": {"changes": list(made)}}


def datacenter_repository(**more: Any) -> Json:
    clone = [
        {"name": "ssh", "href": "ssh://git@git.corp.io:7999/shop/cart.git"},
        {"name": "http", "href": "https://git.corp.io/scm/shop/cart.git"},
    ]
    links = {"clone": clone, "self": [{"href": "https://git.corp.io/projects/SHOP/repos/cart/browse"}]}
    return {"id": 4, "slug": "cart", "project": {"key": "SHOP"}, "public": False, "links": links, **more}


def datacenter_push(*changes: Json) -> Json:
    made = changes or ({"ref": {"id": "refs/heads/main"}, "fromHash": OLD, "toHash": NEW, "type": "UPDATE"},)
    date = "2026-05-01T12:00:00+0200"
    return {"date": date, "repository": datacenter_repository(), "changes": list(made)}


def azure_repository(**more: Any) -> Json:
    url = "https://acme@dev.azure.com/acme/shop/_git/cart"
    return {"id": UUID.upper(), "name": "cart", "remoteUrl": url, "project": {"visibility": "private"}, **more}


def azure(event: str, identity: str = "d1", **resource: Any) -> Json:
    told = {"repository": azure_repository(), **resource}
    return {"id": identity, "eventType": event, "createdDate": "2026-05-01T10:00:00.1234567Z", "resource": told}


def azure_push(*updates: Json) -> Json:
    made = updates or ({"name": "refs/heads/main", "oldObjectId": OLD, "newObjectId": NEW},)
    return azure("git.push", refUpdates=list(made))


def a_push(forge: str) -> tuple[str, Json]:
    """Return name and payload of a push of `refs/heads/main` from `OLD` to `NEW` at *forge*."""
    github = pushes.push("https://git.corp.io/o/r.git", OLD, NEW)
    return {
        "github": ("push", github),
        "gitlab": ("Push Hook", gitlab_push()),
        "gitea": ("push", github),
        "forgejo": ("push", github),
        "bitbucket": ("repo:push", bitbucket_push()),
        "bitbucket-datacenter": ("repo:refs_changed", datacenter_push()),
        "azure": ("git.push", azure_push()),
    }[forge]


FORGES = ("github", "gitlab", "gitea", "forgejo", "bitbucket", "bitbucket-datacenter", "azure")


def encode(payload: Json) -> bytes:
    return json.dumps(payload).encode()
