"""Gitea's and Forgejo's payloads, and what they mean: GitHub's, with other names for some events.

Source: https://docs.gitea.com/usage/webhooks, https://forgejo.org/docs/latest/user/webhooks/
"""

from __future__ import annotations

from typing import Any

from picket.forges.github.models import PullRequestEvent, PushEvent, RefEvent
from picket.forges.github.payloads import HEAD_MOVED, changed, is_retargeted
from picket.webhooks.events import ForgeEvent, Ignored, Push
from picket.webhooks.payloads import Model, Text, fitting, zero

_SHA256_DIGITS = 64


class _Format(Model):
    object_format_name: Text = ""


class _Deleted(RefEvent):
    def meaning(self, object_format: str) -> Push:
        none = zero("0" * _SHA256_DIGITS if object_format == "sha256" else "")
        return Push(self.repository.meaning(), f"refs/heads/{self.ref}", "", none)


def parse(event: str, payload: dict[str, Any]) -> tuple[ForgeEvent, ...]:
    """Say what a delivery means; nothing where another delivery tells it better.

    Args:
        event: The event's type, the `X-Gitea-Event-Type` or `X-Forgejo-Event-Type` header, such as `pull_request_sync`.
        payload: The body.

    Raises:
        Malformed: The payload does not have the shape that is documented.
    """
    with fitting(f"Gitea {event[:40]}"):
        match event:
            case "push":
                return (PushEvent.model_validate(payload).meaning(),)
            case "pull_request" | "pull_request_sync":
                is_moved = payload.get("action") in tuple(HEAD_MOVED) or is_retargeted(payload)
                return (PullRequestEvent.model_validate(payload).meaning() if is_moved else Ignored(),)
            case "repository":
                return (changed(payload),)
            case "create":
                RefEvent.model_validate(payload)
                return ()  # a push of the same ref names the commits
            case "delete":
                return _deleted(payload)
            case _:
                return (Ignored(),)


def _deleted(payload: dict[str, Any]) -> tuple[ForgeEvent, ...]:
    """Say that a branch is gone, of which nothing else tells; where a tag is, a push tells it as well."""
    told = _Deleted.model_validate(payload)
    if told.ref_type != "branch":
        return ()
    repository = payload["repository"]
    return (told.meaning(_Format.model_validate(repository).object_format_name),)
