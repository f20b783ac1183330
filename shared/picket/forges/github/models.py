"""What GitHub's payloads look like, and those of forges that follow it: Gitea, Forgejo.

Source: https://docs.github.com/en/webhooks/webhook-events-and-payloads
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from picket.webhooks import events
from picket.webhooks.events import PullRequest, Push, as_of, host_of
from picket.webhooks.payloads import Model, Name, Number, Ref, Sha, Text, Url

Login = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,100}$")]


class Repository(Model):
    """A repository; only Gitea has `internal`."""

    clone_url: Url
    id: Number | None = None
    private: bool | None = None
    internal: bool = False
    visibility: Text = ""
    updated_at: str | int | None = None
    pushed_at: str | int | None = None

    def meaning(self) -> events.Repository:
        """Return what is told of it."""
        known = {None: "", True: "private", False: "internal" if self.internal else "public"}[self.private]
        key = "" if self.id is None else f"{host_of(self.clone_url)}:{self.id}"
        return events.Repository(self.clone_url, key, self.visibility or known, as_of(self.updated_at, self.pushed_at))


class OfRepository(Model):
    """Any event of a repository."""

    repository: Repository


class PushEvent(OfRepository):
    """`push`: one ref."""

    ref: Ref
    before: Sha
    after: Sha
    forced: bool = False

    def meaning(self) -> Push:
        """Return the push."""
        return Push(self.repository.meaning(), self.ref, self.before, self.after, self.forced)


class RefEvent(OfRepository):
    """`create` and `delete`: the short name of a branch or tag."""

    ref: Name
    ref_type: Text


class _End(Model):
    ref: Name
    sha: Sha
    repo: Repository | None = None


class _PullRequest(Model):
    head: _End
    base: _End


class PullRequestEvent(OfRepository):
    """`pull_request`."""

    number: Number
    pull_request: _PullRequest

    def meaning(self) -> PullRequest:
        """Return the pull request; the repository of its head where that is another one, and there."""
        target, head = self.repository.meaning(), self.pull_request.head
        source = head.repo.meaning() if head.repo is not None else None
        is_other = source is not None and (source.forge_key, source.url) != (target.forge_key, target.url)
        return PullRequest(
            repository=target,
            number=self.number,
            head=head.sha,
            ref=f"refs/pull/{self.number}/head",
            target=f"refs/heads/{self.pull_request.base.ref}",
            source=source if is_other else None,
        )


class _Former(Model):
    former: Text = Field(default="", alias="from")


class _RepositoryName(Model):
    name: _Former


class _Account(Model):
    login: Login


class _FormerOwner(Model):
    user: _Account | None = None
    organization: _Account | None = None


class _Owner(Model):
    former: _FormerOwner | None = Field(default=None, alias="from")


class _Changes(Model):
    repository: _RepositoryName | None = None
    name: _Former | None = None
    owner: _Owner | None = None


class RepositoryChange(OfRepository):
    """`repository`: what has happened to it. GitHub has its former name in `changes.repository`, Gitea in `changes`."""

    action: Text
    changes: _Changes | None = None

    def former_url(self) -> str:
        """Return where it was: after a rename owner and host stay, after a transfer host and name; empty otherwise."""
        parent, _, name = self.repository.clone_url.rpartition("/")
        changes = self.changes or _Changes()
        renamed = changes.repository.name if changes.repository else changes.name
        if renamed and renamed.former:
            return f"{parent}/{renamed.former}.git"
        former = changes.owner.former if changes.owner else None
        account = (former.user or former.organization) if former else None
        return f"{parent.rpartition('/')[0]}/{account.login}/{name}" if account else ""
