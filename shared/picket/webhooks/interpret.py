"""From an event to its meaning, by provider."""

from __future__ import annotations

from picket.errors import Unauthorized
from picket.events import GitHubSourceEvent, WebhookReceived
from picket.webhooks import github, standard
from picket.webhooks.meaning import Meaning


def interpret(event: WebhookReceived | GitHubSourceEvent) -> Meaning | None:
    """Say what a delivery means; None for one that another delivery tells better.

    Raises:
        Malformed: The payload does not have the shape its forge documents.
        Unsupported: Nothing reacts to it.
    """
    if isinstance(event, WebhookReceived) and event.provider == "standard":
        return standard.parse(event.event, event.payload)
    return github.parse(event.event, event.payload)


def check_scope(scope: str, name: str) -> None:
    """Refuse a repository that the source may not speak for.

    Args:
        scope: `host/owner` or `host/owner/name`; empty admits any.
        name: Canonical name of the repository.

    Raises:
        Unauthorized: It is outside the scope.
    """
    if scope and name != scope and not name.startswith(f"{scope}/"):
        raise Unauthorized(f"the source speaks for {scope} only")
