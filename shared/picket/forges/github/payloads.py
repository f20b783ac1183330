"""GitHub's payloads, and what they mean.

Source: https://docs.github.com/en/webhooks/webhook-events-and-payloads
"""

from __future__ import annotations

from typing import Any

from picket.forges.github import alerts
from picket.forges.github.models import PullRequestEvent, PushEvent, RefEvent, RepositoryChange
from picket.webhooks.events import IMAGES, Change, ForgeEvent, Ignored, Ping, RepositoryEvent
from picket.webhooks.payloads import fitting

REPOSITORY_ACTIONS: dict[str, Change] = {
    "created": "created",
    "renamed": "renamed",
    "transferred": "transferred",
    "archived": "archived",
    "unarchived": "unarchived",
    "deleted": "deleted",
    "publicized": "publicized",
    "privatized": "privatized",
}
_PACKAGES = frozenset({"package", "registry_package"})
HEAD_MOVED = frozenset({"opened", "reopened", "ready_for_review", "synchronize", "synchronized"})
"""Actions of a pull request that need a look at its head; the last one is how Gitea tells it to a webhook of GitHub."""


def parse(event: str, payload: dict[str, Any]) -> tuple[ForgeEvent, ...]:
    """Say what a delivery means; nothing where another delivery tells it better.

    Args:
        event: GitHub's event name, the `X-GitHub-Event` header.
        payload: The body.

    Raises:
        Malformed: The payload does not have the shape GitHub documents.
    """
    with fitting(f"GitHub {event[:40]}"):
        found = _parse(event, payload)
    return () if found is None else (found,)


def _parse(event: str, payload: dict[str, Any]) -> ForgeEvent | None:
    match event:
        case "ping":
            return Ping()
        case "push":
            return PushEvent.model_validate(payload).meaning()
        case "pull_request":
            is_moved = payload.get("action") in tuple(HEAD_MOVED) or is_retargeted(payload)
            return PullRequestEvent.model_validate(payload).meaning() if is_moved else Ignored()
        case "repository" | "public":
            return changed({"action": "publicized", **payload})
        case "create" | "delete":
            # GitHub sends a push for the same ref, and that one names the commits.
            RefEvent.model_validate(payload)
            return None
        case _:
            return alerts.read(event, payload) or Ignored(IMAGES if event in _PACKAGES else "")


def is_retargeted(payload: dict[str, Any]) -> bool:
    """Return whether a pull request is for another branch now: what it brings there may be something else."""
    changes = payload.get("changes")
    return payload.get("action") == "edited" and isinstance(changes, dict) and ("base" in changes or "ref" in changes)


def changed(payload: dict[str, Any]) -> ForgeEvent:
    """Say what has happened to a repository."""
    told = RepositoryChange.model_validate(payload)
    change = REPOSITORY_ACTIONS.get(told.action)
    return RepositoryEvent(told.repository.meaning(), change, told.former_url()) if change else Ignored()
