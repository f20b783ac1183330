"""Say what a delivery means: a scan, or a change of a repository."""

from typing import Any

from picket.effects import broker
from picket.effects.git.address import admitted
from picket.effects.mongo import deliveries, documents, reports, repositories, scans
from picket.effects.senders import receiving
from picket.effects.telemetry import count, note
from picket.errors import Forgotten
from picket.events import GitHubSourceEvent, RepositoryChanged, ScanRequested, WebhookReceived, now, scan_id
from picket.orchestration import reporting
from picket.runtime import consumes
from picket.webhooks.delivery import check_scope
from picket.webhooks.events import (
    ForgeEvent,
    Ignored,
    Ping,
    PullRequest,
    Push,
    ReportTold,
    Repository,
    RepositoryEvent,
    ScanWanted,
)


@consumes(WebhookReceived, GitHubSourceEvent)
def main(event: WebhookReceived | GitHubSourceEvent) -> None:
    """Turn a delivery into scans and repository changes."""
    sender, scope = (event.provider, event.scope) if isinstance(event, WebhookReceived) else ("github", "")
    if isinstance(event, WebhookReceived):
        deliveries.delivered(event.source)
    try:
        meanings = receiving(sender).interpret(event.event, event.payload)
        if not meanings:
            note("delivery says nothing that another does not")
        for meaning in meanings:
            react(meaning, scope, sender)
    except Forgotten:
        count("picket_deliveries_ignored_total")
        note("delivery of a repository that a person has forgotten")


def react(meaning: ForgeEvent, scope: str, sender: str) -> None:
    """Do what a delivery means, as far as its source may speak for it."""
    match meaning:
        case Push() | PullRequest() | ScanWanted():
            request_scan(register(meaning.repository, scope), meaning)
        case RepositoryEvent() as altered:
            change(altered, register(altered.repository, scope, altered.former_url))
        case ReportTold() as told:
            take_in(told, register(told.repository, scope), sender)
        case Ping():
            note("ping received")
        case Ignored():
            count("picket_deliveries_ignored_total")
            note("delivery of no interest")


def register(repository: Repository, scope: str, former_url: str = "") -> documents.Repository:
    """Record a repository under its name; it and all that it may be taken for must be in the source's scope."""
    address = admitted(repository.url)
    check_scope(scope, address.name)
    if former_url and repository.forge_key:  # without an id, a rename could give anybody's repository another address
        former = repositories.find(admitted(former_url).name)
        if former is not None and former.get("forge_key", repository.forge_key) == repository.forge_key:
            check_scope(scope, former["name"])
            repositories.link(address.name, former["_id"])
    known = repositories.get(repositories.identify(address.name, repository.forge_key))
    if known is not None:
        check_scope(scope, known["name"])  # the id in a payload must not lead to somebody else's repository
    seen: Any = {"visibility": repository.visibility} if repository.visibility else {}
    key, as_of = repository.forge_key, repository.as_of
    return repositories.register(address.name, address.url, forge_key=key, as_of=as_of, delivered_at=now(), **seen)


def request_scan(known: documents.Repository, told: Push | PullRequest | ScanWanted) -> None:
    """Ask for a scan of what was pushed or proposed, or of everything."""
    repository, url = known["_id"], known["url"]
    cause = broker.cause().id
    match told:
        case Push(_, ref, before, after, forced):
            moved: Any = {"kind": "push", "ref": ref, "before": before, "after": after, "forced": forced}
            request = ScanRequested(repository=repository, url=url, scan=scan_id(cause, ref), reason="push", **moved)
        case PullRequest(head="") | PullRequest(ref=""):
            note("pull request whose head its forge does not tell", repository=repository)
            return
        case PullRequest(ref=ref, head=head):
            moved = {"kind": "push", "ref": ref, "after": head, "reason": "pull request"}
            request = ScanRequested(repository=repository, url=url, scan=scan_id(cause, ref), **moved)
        case ScanWanted():
            scan = scan_id(cause, repository)
            request = ScanRequested(repository=repository, url=url, scan=scan, reason="requested")
    scans.record(request, "normalize")
    broker.emit(request)


def take_in(told: ReportTold, known: documents.Repository, sender: str) -> None:
    """Keep a tool's report, and ask for it to be collected."""
    order = reports.Order(
        asset=known["_id"], tool=told.tool, by=sender, ref=told.ref, commit=told.commit, complete=told.complete
    )
    reporting.take_in(f"rep-{broker.cause().id[:32]}", order, told.report, format=sender)


def change(altered: RepositoryEvent, known: documents.Repository) -> None:
    """Record what happened to a repository and say so, unless something later is known to have happened."""
    if altered.repository.as_of and altered.repository.as_of < known.get("told_at", ""):
        note("delivery came late: the repository has changed since", repository=known["_id"])
        return
    state = {
        "created": {"deleted": False},
        "archived": {"archived": True},
        "unarchived": {"archived": False},
        "deleted": {"deleted": True},
    }
    repositories.update(known["_id"], **state.get(altered.change, {}))
    broker.emit(RepositoryChanged(repository=known["_id"], change=altered.change, name=known["_id"]))
