"""Make and keep webhooks at forges, so that pushes are announced."""

from picket.events import WebhookRequested
from picket.orchestration import connecting, hooks
from picket.runtime import consumes


@consumes(WebhookRequested)
def main(event: WebhookRequested) -> None:
    """Connect an organization or a repository, check one of its webhooks, or remove them."""
    match event.action:
        case "connect":
            connecting.connect(event.connection)
        case "check":
            hooks.check(event.hook)
        case "disconnect":
            connecting.disconnect(event.connection)
