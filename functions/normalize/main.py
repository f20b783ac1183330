"""Say what a delivery means: a scan, or a change of a repository."""

from picket.effects import broker
from picket.effects.git.address import admitted
from picket.effects.mongo import repositories, scans
from picket.effects.telemetry import note
from picket.events import GitHubSourceEvent, RepositoryChanged, ScanRequested, WebhookReceived, now, scan_id
from picket.runtime import consumes
from picket.webhooks.interpret import check_scope, interpret
from picket.webhooks.meaning import Altered, Pinged, Pushed, Repository, Wanted


@consumes(WebhookReceived, GitHubSourceEvent)
def main(event: WebhookReceived | GitHubSourceEvent) -> None:
    """Turn a delivery into scans and repository changes."""
    scope = event.scope if isinstance(event, WebhookReceived) else ""
    match interpret(event):
        case Pushed() as push:
            request_scan(register(push.repository, scope), push)
        case Wanted(repository):
            request_scan(register(repository, scope), None)
        case Altered() as altered:
            change(altered, register(altered.repository, scope, altered.former_url))
        case Pinged():
            note("ping received")
        case None:
            note("delivery says nothing that another does not")


def register(repository: Repository, scope: str, former_url: str = "") -> tuple[str, str]:
    """Record a repository under its name; give its id and URL."""
    address = admitted(repository.url)
    check_scope(scope, address.name)
    known = repositories.find(address.name, repository.forge_key)
    if known is not None:
        check_scope(scope, known["name"])  # the id in a payload must not lead to somebody else's repository
    if former_url:
        repositories.link(address.name, admitted(former_url).name)
    seen = {"visibility": repository.visibility} if repository.visibility else {}
    return (
        repositories.register(address.name, address.url, forge_key=repository.forge_key, delivered_at=now(), **seen),
        address.url,
    )


def request_scan(where: tuple[str, str], push: Pushed | None) -> None:
    """Ask for a scan of what was pushed, or of everything."""
    repository, url = where
    cause = broker.cause().id
    request = (
        ScanRequested(
            repository=repository,
            url=url,
            scan=scan_id(cause, push.ref),
            kind="reactive",
            ref=push.ref,
            before=push.before,
            after=push.after,
            forced=push.forced,
            reason="push",
        )
        if push
        else ScanRequested(repository=repository, url=url, scan=scan_id(cause, repository), reason="requested")
    )
    scans.open_scan(request, "normalize")
    broker.emit(request)


def change(altered: Altered, where: tuple[str, str]) -> None:
    """Record what happened to a repository and say so."""
    repository, _ = where
    state = {
        "created": {"deleted": False},
        "archived": {"archived": True},
        "unarchived": {"archived": False},
        "deleted": {"deleted": True},
    }
    repositories.update(repository, **state.get(altered.change, {}))
    broker.emit(RepositoryChanged(repository=repository, change=altered.change, name=repository))
