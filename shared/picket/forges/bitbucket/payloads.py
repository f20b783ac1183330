"""Bitbucket Cloud's payloads, and what they mean.

Source: https://support.atlassian.com/bitbucket-cloud/docs/event-payloads/
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import StringConstraints, TypeAdapter

from picket.webhooks.events import Change, ForgeEvent, Ignored, PullRequest, Push, RepositoryEvent, RepositoryTold
from picket.webhooks.events import Repository as Told
from picket.webhooks.payloads import Model, Name, Number, Ref, Sha, Text, Uuid, fitting, moved, plain, zero

_HOST = "bitbucket.org"
FullName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.~-]{1,200}/[A-Za-z0-9_.-]{1,200}$")]
Start = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{7,64}$")]
"""First digits of a commit's id; twelve as a rule."""
_FOLDERS = {"branch": "refs/heads/", "tag": "refs/tags/"}
_REF = TypeAdapter[str](Ref)
_REPOSITORY_EVENTS: dict[str, Change] = {
    "repo:created": "created",
    "repo:transfer": "transferred",
    "repo:deleted": "deleted",
}


class _Repository(Model):
    uuid: Uuid
    full_name: FullName
    is_private: bool | None = None

    def meaning(self) -> Told:
        visibility = {None: "", True: "private", False: "public"}[self.is_private]
        return Told(_url(self.full_name), f"{_HOST}:{plain(self.uuid)}", visibility)


class _Target(Model):
    hash: Sha


class _Tip(Model):
    type: Text
    name: Name
    target: _Target

    @property
    def ref(self) -> str:
        """Full name of the ref; empty for what no git repository has."""
        folder = _FOLDERS.get(self.type, "")
        return _REF.validate_python(f"{folder}{self.name}") if folder else ""


class _RefChange(Model):
    new: _Tip | None = None
    old: _Tip | None = None
    forced: bool = False


class _Changes(Model):
    changes: tuple[_RefChange, ...]


class _PushEvent(Model):
    repository: _Repository
    push: _Changes

    def meaning(self) -> tuple[ForgeEvent, ...]:
        repository = self.repository.meaning()
        pushes = [_push(repository, one) for one in self.push.changes]
        return moved(repository, [one for one in pushes if one])


class _Branch(Model):
    name: Name


class _Head(Model):
    hash: Start


class _Source(Model):
    branch: _Branch
    commit: _Head
    repository: _Repository | None = None


class _Destination(Model):
    branch: _Branch


class _PullRequest(Model):
    id: Number
    source: _Source
    destination: _Destination


class _PullRequestEvent(Model):
    repository: _Repository
    pullrequest: _PullRequest

    def meaning(self) -> PullRequest:
        """Return the pull request. Bitbucket keeps no ref of its head: the one named here is made by who fetches it."""
        told = self.pullrequest
        source = told.source.repository
        is_other = source is not None and plain(source.uuid) != plain(self.repository.uuid)
        return PullRequest(
            self.repository.meaning(),
            told.id,
            head="",
            ref=f"refs/pull-requests/{told.id}/from",
            target=_REF.validate_python(f"refs/heads/{told.destination.branch.name}"),
            source=source.meaning() if source and is_other else None,
            begins=told.source.commit.hash,
            branch=_REF.validate_python(f"refs/heads/{told.source.branch.name}") if source else "",
        )


class _FullNames(Model):
    old: FullName
    new: FullName


class _Updates(Model):
    full_name: _FullNames | None = None


class _RepositoryEvent(Model):
    repository: _Repository
    changes: _Updates | None = None


def _url(full_name: str) -> str:
    return f"https://{_HOST}/{full_name}.git"


def _push(repository: Told, change: _RefChange) -> Push | None:
    tip = change.new or change.old
    if tip is None or not tip.ref:
        return None
    before = change.old.target.hash if change.old else zero(tip.target.hash)
    after = change.new.target.hash if change.new else zero(tip.target.hash)
    return Push(repository, tip.ref, before, after, change.forced)


def parse(event: str, payload: dict[str, Any]) -> tuple[ForgeEvent, ...]:
    """Say what a delivery means: a push may have moved several refs.

    Args:
        event: Bitbucket's event key, the `X-Event-Key` header.
        payload: The body.

    Raises:
        Malformed: The payload does not have the shape Bitbucket documents.
    """
    with fitting(f"Bitbucket {event[:40]}"):
        match event:
            case "repo:push":
                return _PushEvent.model_validate(payload).meaning()
            case "pullrequest:created" | "pullrequest:updated" | "pullrequest:push":
                return (_PullRequestEvent.model_validate(payload).meaning(),)
            case "repo:updated":
                return (_updated(_RepositoryEvent.model_validate(payload)),)
            case _ if event in _REPOSITORY_EVENTS:
                told = _RepositoryEvent.model_validate(payload)
                return (RepositoryEvent(told.repository.meaning(), _REPOSITORY_EVENTS[event]),)
            case _:
                return (Ignored(),)


def _updated(told: _RepositoryEvent) -> ForgeEvent:
    """Say how a repository was renamed, or else that something of it was changed.

    The repository may still be described by its former name.
    """
    repository = told.repository.meaning()
    names = told.changes.full_name if told.changes else None
    if names is None or names.old == names.new:
        return RepositoryTold(repository)
    change: Change = "renamed" if names.old.partition("/")[0] == names.new.partition("/")[0] else "transferred"
    present = Told(_url(names.new), repository.forge_key, repository.visibility)
    return RepositoryEvent(present, change, _url(names.old))
