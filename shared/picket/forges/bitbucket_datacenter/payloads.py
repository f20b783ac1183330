"""Bitbucket Data Center's payloads, and what they mean.

Source: https://confluence.atlassian.com/bitbucketserver/event-payload-938025882.html
"""

from __future__ import annotations

from typing import Any

from picket.forges.bitbucket_datacenter.models import (
    PullRequestEvent,
    RefsChanged,
    Repository,
    RepositoryModified,
    SecretDetected,
)
from picket.webhooks.events import Change, ForgeEvent, Ignored, Ping, RepositoryEvent, RepositoryTold, as_of
from picket.webhooks.payloads import fitting

PING = "diagnostics:ping"


def parse(event: str, payload: dict[str, Any]) -> tuple[ForgeEvent, ...]:
    """Say what a delivery means: a push may have moved several refs, a change may be of several kinds.

    Args:
        event: The event key, the `X-Event-Key` header.
        payload: The body.

    Raises:
        Malformed: The payload does not have the shape that is documented.
    """
    at = as_of(payload.get("date"))
    with fitting(f"Bitbucket {event[:40]}"):
        match event:
            case "repo:refs_changed":
                return RefsChanged.model_validate(payload).meaning(at)
            case "repo:modified":
                told = RepositoryModified.model_validate(payload)
                return _modified(told.old, told.new, at)
            case "pr:opened" | "pr:from_ref_updated":
                return (PullRequestEvent.model_validate(payload).meaning(at),)
            case "repo:secret_detected":
                return SecretDetected.model_validate(payload).meaning(at) or (Ignored(),)
            case _:
                return (Ping() if event == PING else Ignored(),)


def _modified(old: Repository, new: Repository, at: str) -> tuple[ForgeEvent, ...]:
    repository, changes = new.meaning(at), list[tuple[Change, str]]()
    if old.place != new.place:
        is_same_project = old.place[0] == new.place[0]
        changes.append(("renamed" if is_same_project else "transferred", old.meaning(at).url))
    if None not in (old.archived, new.archived) and old.archived != new.archived:
        changes.append(("archived" if new.archived else "unarchived", ""))
    if None not in (old.public, new.public) and old.public != new.public:
        changes.append(("publicized" if new.public else "privatized", ""))
    return tuple(RepositoryEvent(repository, *one) for one in changes) or (RepositoryTold(repository),)
