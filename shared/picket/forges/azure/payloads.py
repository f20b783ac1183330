"""Azure DevOps' payloads, and what they mean.

Source: https://learn.microsoft.com/azure/devops/service-hooks/events
"""

from __future__ import annotations

from typing import Any

from picket.webhooks.events import Change, ForgeEvent, Ignored, PullRequest, Push, RepositoryEvent, as_of, host_of
from picket.webhooks.events import Repository as Told
from picket.webhooks.payloads import (
    Model,
    Number,
    Ref,
    Sha,
    Text,
    Url,
    Uuid,
    fitting,
    moved,
    plain,
    without_user,
)


class _Project(Model):
    visibility: Text = ""


class _Repository(Model):
    id: Uuid
    remoteUrl: Url  # noqa: N815 - the payload's names
    project: _Project | None = None

    def meaning(self, at: str) -> Told:
        """Return what is told of it; the URL may name a user, which belongs in no address."""
        url = without_user(self.remoteUrl)
        known = self.project.visibility if self.project else ""
        visibility = known if known in {"public", "private"} else ""
        return Told(url, f"{host_of(url)}:{plain(self.id)}", visibility, at)


class _RefUpdate(Model):
    name: Ref
    oldObjectId: Sha  # noqa: N815
    newObjectId: Sha  # noqa: N815


class _Push(Model):
    repository: _Repository
    refUpdates: tuple[_RefUpdate, ...]  # noqa: N815

    def meaning(self, at: str) -> tuple[ForgeEvent, ...]:
        known = self.repository.meaning(at)
        return moved(known, [Push(known, one.name, one.oldObjectId, one.newObjectId) for one in self.refUpdates])


class _Commit(Model):
    commitId: Sha  # noqa: N815


class _Fork(Model):
    repository: _Repository | None = None


class _PullRequest(Model):
    repository: _Repository
    pullRequestId: Number  # noqa: N815
    targetRefName: Ref  # noqa: N815
    lastMergeSourceCommit: _Commit  # noqa: N815
    forkSource: _Fork | None = None  # noqa: N815

    def meaning(self, at: str) -> PullRequest:
        """Return the pull request; a merge of its head with the target is what a ref holds."""
        source = self.forkSource.repository if self.forkSource else None
        return PullRequest(
            repository=self.repository.meaning(at),
            number=self.pullRequestId,
            head=self.lastMergeSourceCommit.commitId,
            ref=f"refs/pull/{self.pullRequestId}/merge",
            target=self.targetRefName,
            source=source.meaning(at) if source else None,
        )


class _RepositoryChange(Model):
    repository: _Repository
    oldName: Text = ""  # noqa: N815
    disabled: bool | None = None


def parse(event: str, payload: dict[str, Any]) -> tuple[ForgeEvent, ...]:
    """Say what a delivery means: a push may have moved several refs.

    Args:
        event: `eventType` of the body.
        payload: The body, with all details of its resource.

    Raises:
        Malformed: The payload does not have the shape Azure DevOps documents.
    """
    resource = payload.get("resource")
    at = as_of(payload.get("createdDate"))
    with fitting(f"Azure DevOps {event[:40]}"):
        match event:
            case "git.push":
                return _Push.model_validate(resource).meaning(at)
            case "git.pullrequest.created" | "git.pullrequest.updated":
                is_over = isinstance(resource, dict) and resource.get("status") in ("completed", "abandoned")
                return (Ignored() if is_over else _PullRequest.model_validate(resource).meaning(at),)
            case "git.repo.created" | "git.repo.renamed" | "git.repo.statuschanged" | "git.repo.deleted":
                return (_changed(event, resource, at),)
            case _:
                return (Ignored(),)


def _changed(event: str, resource: object, at: str) -> ForgeEvent:
    """Say what has happened to a repository. Of one that is deleted no address is told: the listing finds that out."""
    if event == "git.repo.deleted" and not (isinstance(resource, dict) and resource.get("repository")):
        return Ignored()
    told = _RepositoryChange.model_validate(resource)
    repository = told.repository.meaning(at)
    changes: dict[str, Change] = {"created": "created", "renamed": "renamed", "deleted": "deleted"}
    change = changes.get(event.rpartition(".")[2], "archived" if told.disabled else "unarchived")
    if event == "git.repo.statuschanged" and told.disabled is None:
        return Ignored()
    former = f"{repository.url.rpartition('/')[0]}/{told.oldName}" if change == "renamed" and told.oldName else ""
    return RepositoryEvent(repository, change, former)
