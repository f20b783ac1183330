"""What Bitbucket Data Center's payloads look like.

Source: https://confluence.atlassian.com/bitbucketserver/event-payload-938025882.html
"""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import StringConstraints

from picket.errors import Malformed
from picket.webhooks.events import PullRequest, Push, ScanWanted, host_of
from picket.webhooks.events import Repository as Told
from picket.webhooks.payloads import Model, Number, Ref, Sha, Text, Url, moved, without_user

Key = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.~-]{1,255}$")]


class _Link(Model):
    href: Url
    name: Text = ""


class _Links(Model):
    clone: tuple[_Link, ...] = ()
    self: tuple[_Link, ...] = ()


class _Project(Model):
    key: Key
    links: _Links | None = None


class Repository(Model):
    """A repository: one of its links says where the server is."""

    id: Number
    slug: Key
    project: _Project
    public: bool | None = None
    archived: bool | None = None
    links: _Links | None = None

    @property
    def place(self) -> tuple[str, str]:
        """Project and slug."""
        return self.project.key.lower(), self.slug.lower()

    def meaning(self, as_of: str) -> Told:
        """Return what is told of it, as of that time.

        Raises:
            Malformed: Nothing in it says where the server is.
        """
        url = self._cloned_from("http") or self._built() or self._cloned_from("ssh")
        if not url:
            raise Malformed("Bitbucket payload does not fit at: repository.links")
        visibility = {None: "", True: "public", False: "private"}[self.public]
        return Told(url, f"{self._host(url)}:{self.id}", visibility, as_of)

    def _cloned_from(self, scheme: str) -> str:
        links = self.links.clone if self.links else ()
        return next((without_user(one.href) for one in links if one.name.startswith(scheme)), "")

    def _built(self) -> str:
        """Return the URL that is made of the address of a page, where cloning by HTTP is not named."""
        pages = [*(self.links.self if self.links else ()), *(self.project.links.self if self.project.links else ())]
        for page in pages:
            for folder in ("/projects/", "/users/"):
                base, found, _ = page.href.partition(folder)
                if found:
                    return f"{base}/scm/{self.project.key.lower()}/{self.slug}.git"
        return ""

    @staticmethod
    def _host(url: str) -> str:
        """Return the host for the key; the port of ssh is not the server's."""
        try:
            return urlsplit(url).hostname or "" if url.startswith("ssh:") else host_of(url)
        except ValueError:
            return ""


class _Ref(Model):
    id: Ref


class _RefChange(Model):
    ref: _Ref
    fromHash: Sha  # noqa: N815 - the payload's names
    toHash: Sha  # noqa: N815


class RefsChanged(Model):
    """`repo:refs_changed`: all refs of one push."""

    repository: Repository
    changes: tuple[_RefChange, ...]

    def meaning(self, as_of: str) -> tuple[Push | ScanWanted, ...]:
        """Return its pushes; whether one was forced is not told."""
        known = self.repository.meaning(as_of)
        return moved(known, [Push(known, one.ref.id, one.fromHash, one.toHash) for one in self.changes])


class RepositoryModified(Model):
    """`repo:modified`: as it was, and as it is."""

    old: Repository
    new: Repository


class _End(Model):
    id: Ref
    latestCommit: Sha  # noqa: N815
    repository: Repository


class _PullRequest(Model):
    id: Number
    fromRef: _End  # noqa: N815
    toRef: _End  # noqa: N815


class PullRequestEvent(Model):
    """`pr:opened` and `pr:from_ref_updated`."""

    pullRequest: _PullRequest  # noqa: N815

    def meaning(self, as_of: str) -> PullRequest:
        """Return the pull request."""
        told = self.pullRequest
        target, source = told.toRef.repository, told.fromRef.repository
        return PullRequest(
            repository=target.meaning(as_of),
            number=told.id,
            head=told.fromRef.latestCommit,
            ref=f"refs/pull-requests/{told.id}/from",
            target=told.toRef.id,
            source=source.meaning(as_of) if source.id != target.id else None,
        )


class _Location(Model):
    repository: Repository | None = None


class SecretDetected(Model):
    """`repo:secret_detected`: where the server's own scanner has found something; not what."""

    repository: Repository | None = None
    secretLocations: tuple[_Location, ...] = ()  # noqa: N815

    def meaning(self, as_of: str) -> tuple[ScanWanted, ...]:
        """Return a scan for each repository: what identifies a secret is its value, which is not told."""
        told = [self.repository, *(one.repository for one in self.secretLocations)]
        return tuple(dict.fromkeys(ScanWanted(one.meaning(as_of)) for one in told if one))
