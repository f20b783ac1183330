"""GitHub's payloads.

Source: https://docs.github.com/en/webhooks/webhook-events-and-payloads
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from picket.errors import Malformed
from picket.webhooks.events import (
    Change,
    ForgeEvent,
    Ignored,
    Ping,
    Push,
    Repository,
    RepositoryEvent,
    as_of,
    host_of,
)

Sha = Annotated[str, StringConstraints(pattern=r"^(?:[0-9a-f]{40}|[0-9a-f]{64})$")]
Ref = Annotated[str, StringConstraints(pattern=r"^refs/[^\x00-\x20\x7f~^:?*\[\\]+$", max_length=1024)]

_REPOSITORY_ACTIONS: dict[str, Change] = {
    "created": "created",
    "renamed": "renamed",
    "transferred": "transferred",
    "archived": "archived",
    "unarchived": "unarchived",
    "deleted": "deleted",
    "publicized": "publicized",
    "privatized": "privatized",
}


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class _Repository(_Model):
    clone_url: str
    id: int | None = None
    private: bool | None = None
    visibility: str = ""
    updated_at: str | int | None = None
    pushed_at: str | int | None = None

    def meaning(self) -> Repository:
        known = {None: "", True: "private", False: "public"}[self.private]
        key = "" if self.id is None else f"{host_of(self.clone_url)}:{self.id}"
        return Repository(self.clone_url, key, self.visibility or known, as_of(self.updated_at, self.pushed_at))


class _Push(_Model):
    ref: Ref
    before: Sha
    after: Sha
    forced: bool = False
    repository: _Repository


class _Name(_Model):
    former: str = Field(default="", alias="from")


class _RepositoryName(_Model):
    name: _Name


class _Changes(_Model):
    repository: _RepositoryName | None = None


class _RepositoryEvent(_Model):
    action: str
    repository: _Repository
    changes: _Changes | None = None

    def former_url(self) -> str:
        """After a rename GitHub tells the former name only; owner and host stay."""
        if self.changes is None or self.changes.repository is None or not self.changes.repository.name.former:
            return ""
        return f"{self.repository.clone_url.rpartition('/')[0]}/{self.changes.repository.name.former}.git"


class _Ref(_Model):
    ref: str
    ref_type: str
    repository: _Repository


def parse(event: str, payload: dict[str, Any]) -> tuple[ForgeEvent, ...]:
    """Say what a delivery means; nothing where another delivery tells it better.

    Args:
        event: GitHub's event name, the `X-GitHub-Event` header.
        payload: The body.

    Raises:
        Malformed: The payload does not have the shape GitHub documents.
    """
    try:
        found = _parse(event, payload)
    except ValidationError as error:
        places = ", ".join(".".join(map(str, item["loc"])) for item in error.errors(include_input=False))
        raise Malformed(f"GitHub {event} payload does not fit at: {places}") from None
    return () if found is None else (found,)


def _parse(event: str, payload: dict[str, Any]) -> ForgeEvent | None:
    match event:
        case "ping":
            return Ping()
        case "push":
            push = _Push.model_validate(payload)
            return Push(push.repository.meaning(), push.ref, push.before, push.after, push.forced)
        case "repository" | "public":
            change = _RepositoryEvent.model_validate({"action": "publicized", **payload})
            if change.action not in _REPOSITORY_ACTIONS:
                return Ignored()
            return RepositoryEvent(change.repository.meaning(), _REPOSITORY_ACTIONS[change.action], change.former_url())
        case "create" | "delete":
            # GitHub sends a push for the same ref, and that one names the commits.
            _Ref.model_validate(payload)
            return None
        case _:
            return Ignored()
