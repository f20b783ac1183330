"""GitLab's payloads, and what they mean.

Source: https://docs.gitlab.com/user/project/integrations/webhook_events/,
https://docs.gitlab.com/administration/system_hooks/
"""

from __future__ import annotations

from typing import Any

from picket.forges.gitlab import vulnerabilities
from picket.forges.gitlab.models import MergeRequestEvent, ProjectEvent, PushEvent, RepositoryUpdate
from picket.webhooks.events import Change, ForgeEvent, Ignored, RepositoryEvent, RepositoryTold
from picket.webhooks.payloads import fitting

INSTANCE = "x_gitlab_instance"
"""Field of a payload that holds what the header field of that name tells."""
_PROJECT_EVENTS: dict[str, Change] = {
    "project_create": "created",
    "project_rename": "renamed",
    "project_transfer": "transferred",
    "project_destroy": "deleted",
}
_UPDATED = "project_update"


def kind(payload: dict[str, Any]) -> str:
    """Return GitLab's own name of an event: system hooks have one header field for all of them."""
    names = (payload.get("event_name"), payload.get("object_kind"))
    return next((name for name in names if isinstance(name, str)), "")


def parse(_event: str, payload: dict[str, Any]) -> tuple[ForgeEvent, ...]:
    """Say what a delivery means.

    Args:
        payload: The body, with `X-Gitlab-Instance` as `INSTANCE` where it was there.

    Raises:
        Malformed: The payload does not have the shape GitLab documents.
    """
    name = kind(payload)
    with fitting(f"GitLab {name[:40]}"):
        match name:
            case "push" | "tag_push":
                return (PushEvent.model_validate(payload).meaning(),)
            case "repository_update":
                return RepositoryUpdate.model_validate(payload).meaning()
            case "merge_request":
                is_moved = _is_moved(payload.get("object_attributes")) or _is_retargeted(payload.get("changes"))
                return (MergeRequestEvent.model_validate(payload).meaning() if is_moved else Ignored(),)
            case "vulnerability":
                return (vulnerabilities.read(payload),)
            case _ if name in _PROJECT_EVENTS or name == _UPDATED:
                return (_project(name, payload),)
            case _:
                return (Ignored(),)


def _is_moved(attributes: object) -> bool:
    """Return whether a merge request has a new head: an update without `oldrev` is of its title, labels and the like.

    Without attributes it is what does not fit, which the model says.
    """
    if not isinstance(attributes, dict):
        return True
    action = attributes.get("action")
    return action in ("open", "reopen") or (action == "update" and bool(attributes.get("oldrev")))


def _is_retargeted(changes: object) -> bool:
    """Return whether a merge request is for another branch now: what it brings there may be something else."""
    return isinstance(changes, dict) and "target_branch" in changes


def _project(name: str, payload: dict[str, Any]) -> ForgeEvent:
    """Say what has happened to a project; without the instance its URL is not known, and the listing finds out."""
    if INSTANCE not in payload:
        return Ignored()
    told = ProjectEvent.model_validate(payload)
    if name == _UPDATED:
        return RepositoryTold(told.meaning())
    return RepositoryEvent(told.meaning(), _PROJECT_EVENTS[name], told.former_url())
