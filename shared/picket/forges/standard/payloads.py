"""Picket's own payloads, for whatever signs by Standard Webhooks: `{"type": …, "timestamp": …, "data": {…}}`."""

from __future__ import annotations

from typing import Any

from picket.errors import Unsupported
from picket.webhooks.events import ForgeEvent, Ping, Push, Repository, ScanWanted, as_of
from picket.webhooks.payloads import Model, Ref, Sha, Url, fitting


class _Wanted(Model):
    repository: Url


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
    with fitting(event[:40]):
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
