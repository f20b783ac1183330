"""CodeCommit's events, as SNS posts them: EventBridge's, and those of a repository's own triggers.

Source: https://docs.aws.amazon.com/codecommit/latest/userguide/monitoring-events.html,
https://docs.aws.amazon.com/codecommit/latest/userguide/how-to-notify-sns.html
"""

from __future__ import annotations

import json
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from picket.webhooks.delivery import check_sendable
from picket.webhooks.events import IMAGES, ForgeEvent, Ignored, Ping, Push, Repository, as_of, host_of
from picket.webhooks.payloads import Model, Ref, Sha, Text, Uuid, fitting, moved, plain, zero

Region = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}[a-z0-9-]{1,30}$")]
RepositoryName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,100}$")]
RepositoryArn = Annotated[
    str,
    StringConstraints(
        pattern=r"^arn:aws[a-z-]{0,20}:codecommit:[a-z]{2}[a-z0-9-]{1,30}:[0-9]{12}:[A-Za-z0-9_.-]{1,100}$"
    ),
]
_STATE_CHANGE = "CodeCommit Repository State Change"


class _Notification(Model):
    Message: str


class _Kind(Model):
    kind: Text = Field(default="", alias="detail-type")


class _Detail(Model):
    event: Text
    repositoryName: RepositoryName  # noqa: N815 - the payload's names
    repositoryId: Uuid  # noqa: N815
    referenceFullName: Ref | None = None  # noqa: N815
    commitId: Sha | None = None  # noqa: N815
    oldCommitId: Sha | None = None  # noqa: N815


class _StateChange(Model):
    region: Region
    time: Text = ""
    detail: _Detail

    def meaning(self) -> ForgeEvent:
        """Return the push; what is of no ref, such as a merge that none holds, means nothing."""
        told = self.detail
        new, old = told.commitId, told.oldCommitId or ""
        url = _url(self.region, told.repositoryName)
        repository = Repository(url, f"{host_of(url)}:{plain(told.repositoryId)}", "private", as_of(self.time))
        if told.referenceFullName is None:
            return Ignored()
        match told.event, new:
            case "referenceCreated", str():
                return Push(repository, told.referenceFullName, zero(new), new)
            case "referenceUpdated", str():
                return Push(repository, told.referenceFullName, old, new)
            case "referenceDeleted", _:
                return Push(repository, told.referenceFullName, old, zero(old))
            case _:
                return Ignored()


class _Reference(Model):
    ref: Ref
    commit: Sha | None = None
    created: bool = False
    deleted: bool = False


class _References(Model):
    references: tuple[_Reference, ...] = ()


class _Record(Model):
    eventSourceARN: RepositoryArn  # noqa: N815
    codecommit: _References

    def meaning(self) -> tuple[ForgeEvent, ...]:
        """Return the pushes; a trigger tells neither the repository's id nor what a ref was before."""
        region, name = self.eventSourceARN.split(":")[3], self.eventSourceARN.rpartition(":")[2]
        repository = Repository(_url(region, name), visibility="private")
        pushes = [
            Push(repository, one.ref, zero() if one.created else "", zero() if one.deleted else one.commit or "")
            for one in self.codecommit.references
            if one.commit or one.deleted
        ]
        return moved(repository, pushes)


class _Trigger(Model):
    Records: Annotated[tuple[_Record, ...], Field(max_length=100)]


def _url(region: str, name: str) -> str:
    top = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    return f"https://git-codecommit.{region}.{top}/v1/repos/{name}"


def parse(event: str, payload: dict[str, Any]) -> tuple[ForgeEvent, ...]:
    """Say what a delivery means.

    Args:
        event: `Type` of what SNS posts.
        payload: What SNS posts; its `Message` is an event as text.

    Raises:
        Malformed: The event does not have the shape that is documented.
    """
    if event != "Notification":
        return (Ping(),)
    with fitting("CodeCommit"):
        told = _event(_Notification.model_validate(payload).Message)
        if "Records" in told:
            return tuple(one for record in _Trigger.model_validate(told).Records for one in record.meaning())
        kind = _Kind.model_validate(told).kind
        if kind == _STATE_CHANGE:
            return (_StateChange.model_validate(told).meaning(),)
        return (Ignored(IMAGES if kind.startswith("ECR ") else ""),)


def _event(message: str) -> dict[str, Any]:
    """Read the event in a message; what is no object, such as a test of a trigger, tells nothing."""
    try:
        told = json.loads(message)
        check_sendable(told)
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}
