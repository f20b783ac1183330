"""What GitLab's payloads look like, of project, group and system hooks.

Source: https://docs.gitlab.com/user/project/integrations/webhook_events/,
https://docs.gitlab.com/administration/system_hooks/
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from picket.errors import Malformed
from picket.webhooks.events import PullRequest, Push, Repository, ScanWanted, host_of
from picket.webhooks.payloads import Model, Name, Number, Ref, Sha, Text, Url, moved

Path = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.+-]*(?:/[A-Za-z0-9_][A-Za-z0-9_.+-]*)+$", max_length=1024)
]
"""Of a project, with its groups. Source: https://docs.gitlab.com/user/reserved_names/."""
_LEVELS = {0: "private", 10: "internal", 20: "public"}


class Project(Model):
    """A project as events of its own show it; older versions leave out its id, which stands beside it."""

    git_http_url: Url
    id: Number | None = None
    visibility_level: int | None = None

    def meaning(self, number: int | None = None) -> Repository:
        """Return what is told of it; *number* is its id where that stands elsewhere."""
        known = self.id if self.id is not None else number
        key = "" if known is None else f"{host_of(self.git_http_url)}:{known}"
        return Repository(self.git_http_url, key, _LEVELS.get(self.visibility_level or 0, "") if self._is_told else "")

    @property
    def _is_told(self) -> bool:
        return self.visibility_level is not None


class _OfProject(Model):
    project: Project
    project_id: Number | None = None

    def repository(self) -> Repository:
        return self.project.meaning(self.project_id)


class PushEvent(_OfProject):
    """`push` and `tag_push`: one ref."""

    ref: Ref
    before: Sha
    after: Sha

    def meaning(self) -> Push:
        """Return the push; GitLab does not tell whether it was forced."""
        return Push(self.repository(), self.ref, self.before, self.after)


class _RefChange(Model):
    ref: Ref
    before: Sha
    after: Sha


class RepositoryUpdate(_OfProject):
    """`repository_update` of a system hook: all refs of one push, however many."""

    changes: tuple[_RefChange, ...] = ()

    def meaning(self) -> tuple[Push | ScanWanted, ...]:
        """Return its pushes: GitLab sends no event of its own for each of more than three refs."""
        known = self.repository()
        return moved(known, [Push(known, one.ref, one.before, one.after) for one in self.changes])


class _LastCommit(Model):
    id: Sha


class _MergeRequest(Model):
    iid: Number
    target_branch: Name
    last_commit: _LastCommit
    source_project_id: Number | None = None
    target_project_id: Number | None = None
    source: Project | None = None


class MergeRequestEvent(_OfProject):
    """`merge_request`."""

    object_attributes: _MergeRequest

    def meaning(self) -> PullRequest:
        """Return the merge request; the project of its head where that is a fork."""
        told = self.object_attributes
        numbers = {told.source_project_id, told.target_project_id}
        source = told.source.meaning(told.source_project_id) if told.source and len(numbers) > 1 else None
        return PullRequest(
            repository=self.project.meaning(told.target_project_id),
            number=told.iid,
            head=told.last_commit.id,
            ref=f"refs/merge-requests/{told.iid}/head",
            target=f"refs/heads/{told.target_branch}",
            source=source,
        )


class ProjectEvent(Model):
    """`project_create` and the like, of group and system hooks: no URL of the project, only its path.

    `instance` is what the header field `X-Gitlab-Instance` holds.
    """

    path_with_namespace: Path
    project_id: Number
    project_visibility: Text = ""
    old_path_with_namespace: Path | None = None
    instance: Url = Field(alias="x_gitlab_instance")

    def meaning(self) -> Repository:
        """Return what is told of the project."""
        visibility = self.project_visibility if self.project_visibility in _LEVELS.values() else ""
        return Repository(
            self._url(self.path_with_namespace), f"{host_of(self.instance)}:{self.project_id}", visibility
        )

    def former_url(self) -> str:
        """Return where it was; empty where that is not told."""
        return self._url(self.old_path_with_namespace) if self.old_path_with_namespace else ""

    def _url(self, path: str) -> str:
        if not host_of(self.instance):
            raise Malformed("GitLab payload does not fit at: X-Gitlab-Instance")
        return f"{self.instance.rstrip('/')}/{path}.git"
