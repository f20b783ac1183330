"""Say what a delivery means: a scan, or a change of a repository."""

from dataclasses import dataclass
from typing import Any

from picket.effects import broker
from picket.effects.git.address import admitted
from picket.effects.mongo import deliveries, documents, reports, repositories, scans
from picket.effects.senders import receiving
from picket.effects.telemetry import count, note
from picket.errors import Forgotten, Unauthorized
from picket.events import GitHubSourceEvent, RepositoryChanged, ScanRequested, WebhookReceived, now, scan_id
from picket.orchestration import pushes, reporting
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
    RepositoryTold,
    ScanWanted,
)


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sent a delivery: name of its kind, what it may speak for, and the id of its webhook."""

    name: str
    scope: str
    webhook: str


_GITHUB_SOURCE = Sender("github", "", "")


@consumes(WebhookReceived, GitHubSourceEvent)
def main(event: WebhookReceived | GitHubSourceEvent) -> None:
    """Turn a delivery into scans and repository changes."""
    sender = Sender(event.provider, event.scope, event.source) if isinstance(event, WebhookReceived) else _GITHUB_SOURCE
    if isinstance(event, WebhookReceived):
        deliveries.delivered(event.source)
    try:
        meanings = receiving(sender.name).interpret(event.event, event.payload)
        if not meanings:
            note("delivery says nothing that another does not")
        for meaning in meanings:
            react(meaning, sender)
    except Forgotten:
        count("picket_deliveries_ignored_total")
        note("delivery of a repository that a person has forgotten")


def react(meaning: ForgeEvent, sender: Sender) -> None:
    """Do what a delivery means, as far as its source may speak for it."""
    match meaning:
        case Push() | PullRequest() | ScanWanted():
            request_scan(register(meaning.repository, sender.scope), meaning, sender)
        case RepositoryEvent() as altered:
            change(altered, register(altered.repository, sender.scope, altered.former_url))
        case RepositoryTold(repository):
            register(repository, sender.scope)
        case ReportTold() as told:
            take_in(told, register(told.repository, sender.scope), sender)
        case Ping():
            note("ping received")
        case Ignored(why):
            count("picket_deliveries_ignored_total")
            note(why or "delivery of no interest")


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


def request_scan(known: documents.Repository, told: Push | PullRequest | ScanWanted, sender: Sender) -> None:
    """Ask for a scan of what was pushed or proposed, or of everything; once, however many hooks tell of it."""
    repository, url = known["_id"], known["url"]
    is_news = True
    match told:
        case Push(_, ref, before, after, forced):
            move = pushes.Move(repository, ref, before, after)
            scan, is_news = pushes.scan_of(move, sender.webhook, broker.cause().id)
            moved: Any = {"kind": "push", "ref": ref, "before": before, "after": after, "forced": forced}
            request = ScanRequested(repository=repository, url=url, scan=scan, reason="push", **moved)
        case PullRequest(ref=ref, head="", target=target, begins=begins, branch=branch, source=source):
            move = pushes.Move(repository, ref, target, begins)
            scan, is_news = pushes.scan_of(move, sender.webhook, broker.cause().id)
            moved = {"kind": "push", "ref": ref, "head": begins, "source": branch, "target": target}
            moved |= _fork(source, sender) | {"reason": "pull request"}
            request = ScanRequested(repository=repository, url=url, scan=scan, **moved)
        case PullRequest(ref=ref, head=head, target=target):
            move = pushes.Move(repository, ref, target, head)
            scan, is_news = pushes.scan_of(move, sender.webhook, broker.cause().id)
            moved = {"kind": "push", "ref": ref, "after": head, "target": target, "reason": "pull request"}
            request = ScanRequested(repository=repository, url=url, scan=scan, **moved)
        case ScanWanted():
            scan = scan_id(broker.cause().id, repository)
            request = ScanRequested(repository=repository, url=url, scan=scan, reason="requested")
    if is_news or not scans.has_begun(request.scan):
        scans.record(request, "normalize")
        broker.emit(request)
    else:
        note("push that was told before", scan=request.scan)


def _fork(source: Repository | None, sender: Sender) -> dict[str, object]:
    """Return where a pull request's fork is; it is read with a token only if the sender may speak for it."""
    if source is None:
        return {}
    try:
        check_scope(sender.scope, admitted(source.url).name)
    except Unauthorized:
        return {"source_url": source.url}
    return {"source_url": source.url, "source_known": True}


def take_in(told: ReportTold, known: documents.Repository, sender: Sender) -> None:
    """Keep a tool's report, and ask for it to be collected; each part of what a tool reports is a reporter's own."""
    by = f"{sender.name} {told.part}" if told.part else sender.name
    order = reports.Order(
        asset=known["_id"], tool=told.tool, by=by, ref=told.ref, commit=told.commit, complete=told.complete
    )
    reporting.take_in(f"rep-{broker.cause().id[:32]}", order, told.report, format=sender.name)


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
