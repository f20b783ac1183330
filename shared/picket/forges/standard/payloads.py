"""Picket's own payloads, for whatever signs by Standard Webhooks: `{"type": …, "timestamp": …, "data": {…}}`."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from picket.errors import Malformed, Unsupported
from picket.forges.github.payloads import Ref, Sha
from picket.webhooks.events import ForgeEvent, Ping, Push, Repository, ScanWanted, as_of


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class _Wanted(_Model):
    repository: str


class _Push(_Wanted):
    ref: Ref
    before: Sha
    after: Sha
    forced: bool = False


def parse(event: str, payload: dict[str, Any]) -> tuple[ForgeEvent, ...]:
    """Say what a delivery means.

    Args:
        event: `push`, `scan.requested` or `ping`.
        payload: The body; `data.repository` is the repository's URL.

    Raises:
        Malformed: `data` does not have the shape the event needs.
        Unsupported: Nothing here reacts to that event.
    """
    data = payload.get("data", {})
    try:
        match event:
            case "ping":
                return (Ping(),)
            case "push":
                push = _Push.model_validate(data)
                told = Repository(push.repository, as_of=as_of(payload.get("timestamp")))
                return (Push(told, push.ref, push.before, push.after, push.forced),)
            case "scan.requested":
                return (ScanWanted(Repository(_Wanted.model_validate(data).repository)),)
            case _:
                raise Unsupported(f"event {event[:40]!r} is not handled")
    except ValidationError as error:
        places = ", ".join(".".join(map(str, item["loc"])) for item in error.errors(include_input=False))
        raise Malformed(f"{event} data does not fit at: {places}") from None
